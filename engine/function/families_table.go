package function

// families lists the tables of the families.
func families() [][]Entry {
	return [][]Entry{
		dateParts(), dateArithmetic(), dateDifferences(), dateBuckets(), dateMakers(), intervalMakers(), intervals(),
		intervalParts(), epochs(), timeFormats(), timeZones(), clocks(),
		textParts(), textLengths(), textChanges(), concatenation(), formats(), similarities(), textOther(),
		regularExpressions(), hashes(), encodings(), urls(), files(), jsonFunctions(),
		numberFunctions(), wholeFunctions(), floatFunctions(), bitFunctions(), randoms(), conditionals(),
		listFunctions(), listSets(), listFolds(), listTexts(),
	}
}
