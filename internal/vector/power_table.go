package vector

// powersOfTen are 10^0 to 10^38, all that 128 bits hold.
var powersOfTen = func() (p [MaxDecimalDigits + 1]Int128) {
	p[0] = Int128Of(1)
	for i := 1; i < len(p); i++ {
		p[i], _ = p[i-1].Mul(Int128Of(10))
	}
	return p
}()

// PowerOfTen returns 10^n for n from 0 to MaxDecimalDigits.
func PowerOfTen(n int) Int128 { return powersOfTen[n] }
