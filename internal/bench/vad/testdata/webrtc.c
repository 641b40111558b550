// The voice activity detector of WebRTC, as Debian's libwebrtc-audio-processing1
// exports it, behind pipes: int32 mode, int32 frames, then the frames of 160
// samples; back come a byte for each frame and the CPU nanoseconds as int64.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct WebRtcVadInst VadInst;
VadInst *WebRtcVad_Create(void);
void WebRtcVad_Free(VadInst *);
int WebRtcVad_Init(VadInst *);
int WebRtcVad_set_mode(VadInst *, int);
int WebRtcVad_Process(VadInst *, int rate, const int16_t *, size_t);

int main(void) {
	int32_t head[2];
	while (fread(head, sizeof head, 1, stdin) == 1) {
		size_t n = head[1];
		int16_t *pcm = malloc(n * 320 + 1);
		char *out = malloc(n + 1);
		if (fread(pcm, 320, n, stdin) != n) return 1;
		VadInst *vad = WebRtcVad_Create();
		if (WebRtcVad_Init(vad) || WebRtcVad_set_mode(vad, head[0])) return 2;
		struct timespec a, b;
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
		for (size_t i = 0; i < n; i++) {
			int v = WebRtcVad_Process(vad, 8000, pcm + i * 160, 160);
			if (v < 0) return 3;
			out[i] = v;
		}
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
		int64_t ns = (b.tv_sec - a.tv_sec) * 1000000000LL + b.tv_nsec - a.tv_nsec;
		fwrite(out, 1, n, stdout);
		fwrite(&ns, sizeof ns, 1, stdout);
		fflush(stdout);
		WebRtcVad_Free(vad);
		free(pcm);
		free(out);
	}
	return 0;
}
