package codec

import (
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write golden files instead of comparing them")

const plotFile = "../docs/codec-response.png"

// TestFilterResponsesPlot draws the frequency response of the filter from 8 to 16 kHz
// for docs/codec.md and compares it with the file: the whole response on the left, on
// the right the pass band with its levels magnified 20,000 times.
func TestFilterResponsesPlot(t *testing.T) {
	r := newResampler(t, 8000, 16000)
	h := r.impulseResponse()
	response := func(hz float64) float64 { return magnitudeAt(h, 16000, hz) }

	img := image.NewPaletted(image.Rect(0, 0, 960, 400), color.Palette{
		color.White, color.Gray{0xd8}, color.Gray{0x40}, color.RGBA{0x1f, 0x5f, 0xbf, 0xff}, color.RGBA{0xfb, 0xe3, 0xe0, 0xff},
	})
	whole := panel{img, image.Rect(80, 20, 560, 360), 0, 8000, -120, 10}
	whole.fill(4600, 8000, -80.0, 10) // the stop band: the curve stays out of it
	whole.grid(1000, 20)
	whole.curve(response)
	pass := panel{img, image.Rect(690, 20, 930, 360), 0, 3400, -0.003, 0.003}
	pass.grid(1000, 0.001)
	pass.curve(response)

	if *update {
		f, err := os.Create(plotFile)
		require.NoError(t, err)
		require.NoError(t, png.Encode(f, img))
		require.NoError(t, f.Close())
	}
	f, err := os.Open(plotFile)
	require.NoError(t, err)
	defer f.Close()
	golden, err := png.Decode(f)
	require.NoError(t, err)
	require.Equal(t, img.Bounds(), golden.Bounds())
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			require.Equal(t, color.RGBAModel.Convert(img.At(x, y)), color.RGBAModel.Convert(golden.At(x, y)), "run with -update: pixel %d,%d", x, y)
		}
	}
}

// A panel maps frequencies in Hz and levels in dB to a part of an image.
type panel struct {
	img         *image.Paletted
	area        image.Rectangle
	left, right float64
	bottom, top float64
}

func (p panel) x(hz float64) int {
	return p.area.Min.X + int(math.Round((hz-p.left)/(p.right-p.left)*float64(p.area.Dx())))
}

func (p panel) y(dB float64) int {
	dB = min(max(dB, p.bottom), p.top)
	return p.area.Max.Y - int(math.Round((dB-p.bottom)/(p.top-p.bottom)*float64(p.area.Dy())))
}

func (p panel) fill(left, right, bottom, top float64) {
	area := image.Rect(p.x(left), p.y(top), p.x(right), p.y(bottom))
	draw.Draw(p.img, area, image.NewUniform(p.img.Palette[4]), image.Point{}, draw.Src)
}

// grid draws a line at every multiple of the steps and labels it.
func (p panel) grid(hzStep, dBStep float64) {
	for hz := p.left; hz <= p.right; hz += hzStep {
		for y := p.area.Min.Y; y <= p.area.Max.Y; y++ {
			p.img.SetColorIndex(p.x(hz), y, 1)
		}
		label := strconv.Itoa(int(hz)/1000) + " kHz"
		write(p.img, p.x(hz)-glyphAdvance*len(label)/2, p.area.Max.Y+8, label)
	}
	for i := math.Ceil(p.bottom / dBStep); i <= p.top/dBStep+1e-9; i++ {
		dB := i * dBStep
		for x := p.area.Min.X; x <= p.area.Max.X; x++ {
			p.img.SetColorIndex(x, p.y(dB), 1)
		}
		label := strconv.FormatFloat(dB, 'g', 3, 64) + " dB"
		write(p.img, p.area.Min.X-8-glyphAdvance*len(label), p.y(dB)-5, label)
	}
}

// curve draws a function of frequency, connected from column to column.
func (p panel) curve(dB func(hz float64) float64) {
	last := -1
	for x := p.area.Min.X; x <= p.area.Max.X; x++ {
		hz := p.left + (p.right-p.left)*float64(x-p.area.Min.X)/float64(p.area.Dx())
		y := p.y(dB(hz))
		if last < 0 {
			last = y
		}
		for v := min(y, last); v <= max(y, last); v++ {
			p.img.SetColorIndex(x, v, 3)
			p.img.SetColorIndex(x, v+1, 3)
		}
		last = y
	}
}

// glyphs are three dots wide and five high. Each octal digit is a row of three bits.
var glyphs = map[rune]string{
	'0': "75557", '1': "26227", '2': "71747", '3': "71717", '4': "55711", '5': "74717", '6': "74757", '7': "71222",
	'8': "75757", '9': "75717", '-': "00700", '.': "00002", 'k': "45655", 'H': "55755", 'z': "07247", 'd': "11757", 'B': "65656",
}

const glyphAdvance = 8

// write draws text, each dot of a glyph as a square of 2 by 2 pixels.
func write(img *image.Paletted, x, y int, text string) {
	for _, r := range text {
		for row, bits := range glyphs[r] {
			for column := range 3 {
				if (bits-'0')>>(2-column)&1 == 1 {
					dot := image.Rect(0, 0, 2, 2).Add(image.Pt(x+2*column, y+2*row))
					draw.Draw(img, dot, image.NewUniform(img.Palette[2]), image.Point{}, draw.Src)
				}
			}
		}
		x += glyphAdvance
	}
}
