package function

// families lists the tables of the families, one a file.
func families() [][]Entry {
	return [][]Entry{
		dateParts(), dateArithmetic(), textFunctions(), concatenation(), numberFunctions(), conditionals(),
	}
}
