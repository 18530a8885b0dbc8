package limits

import "strconv"

const binaryUnits = "KMGT" // KiB …

// SizeText writes a number of bytes as people do, in the largest unit that it is a multiple of.
func SizeText(n int64) string {
	for i := len(binaryUnits) - 1; i >= 0; i-- {
		if unit := int64(1) << (10 * (i + 1)); n >= unit && n%unit == 0 {
			return strconv.FormatInt(n/unit, 10) + binaryUnits[i:i+1] + "iB"
		}
	}
	return strconv.FormatInt(n, 10)
}
