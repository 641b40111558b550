package model

// wide is how many sums combine makes at once: the rows of the network, and more
// than the lags of a pitch.
const wide = Gates

// combine puts the sum of x[j]*m[j*stride+i] over all j into dst[i]. With the columns of
// a matrix one after another, and their length as the stride, that is the matrix
// times x; with a stride of one it is the correlation of x with m at each lag.
func combine(dst *[wide]float32, m []float32, stride int, x []float32) {
	m = m[:(len(x)-1)*stride+wide]
	if vector {
		combineVector(&dst[0], &m[0], stride, &x[0], len(x))
		return
	}
	combineGeneric(dst, m, stride, x)
}

// Combine is combine for the trainer: Gates sums.
func Combine(dst *[Gates]float32, m []float32, stride int, x []float32) {
	combine(dst, m, stride, x)
}

// combineGeneric is combine in Go, in the same order of summation.
func combineGeneric(dst *[wide]float32, m []float32, stride int, x []float32) {
	for i := 0; i < wide; i += 4 {
		var a, b, c, d float32
		at := i
		for _, v := range x {
			row := (*[4]float32)(m[at:])
			a += row[0] * v
			b += row[1] * v
			c += row[2] * v
			d += row[3] * v
			at += stride
		}
		dst[i], dst[i+1], dst[i+2], dst[i+3] = a, b, c, d
	}
}
