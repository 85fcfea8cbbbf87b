/*
 * A stand-in for the vendor's archive library: the same 17 exports, so that a binding can't tell them apart.
 * NOT the vendor's: the export `wecrm_standin` marks it, and its cipher is made up. The key is 64 hex digits
 * (32 bytes), a message base64(16-byte IV + AES-256-CBC with PKCS#7 padding).
 *
 * It serves the folder that WECRM_STANDIN names:
 *   records.jsonl   one sealed record per line, ascending seq
 *   offsets.bin     per line two little-endian uint64: seq, offset of the line
 *   media/<hex of sha1(sdkfileid)>
 *   script          what goes wrong, one line each: VERB WHEN ACTION [ARGUMENT]
 *       VERB    page | decrypt | media
 *       WHEN    N (the N-th call, over all processes) | N+ (from it on) | * | =TEXT (what is asked for begins so:
 *               the seq of a page, the message to decrypt, the sdkfileid)
 *       ACTION  a return code | body TEXT | file NAME (page: answer with the bytes of that file) | abort | hang
 * Calls are counted in `count.VERB`, one byte each, only while a line of the script needs it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct { char *buf; int len; } Slice_t;
typedef struct { char *outindexbuf; int out_len; char *data; int data_len; int is_finish; } MediaData_t;
typedef struct { int ready; } WeWorkFinanceSdk_t;

#define PIECE 524288

int wecrm_standin(void) { return 1; }

/* ---- files ---- */

static void path_of(char *out, size_t size, const char *name) {
    const char *folder = getenv("WECRM_STANDIN");
    snprintf(out, size, "%s/%s", folder ? folder : ".", name);
}

typedef struct { const char *at; size_t size; } Mapped;

static Mapped mapped(const char *name) {
    char path[4096];
    struct stat about;
    Mapped found = {NULL, 0};
    path_of(path, sizeof path, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return found;
    if (fstat(fd, &about) == 0 && about.st_size > 0) {
        void *at = mmap(NULL, about.st_size, PROT_READ, MAP_SHARED, fd, 0);
        if (at != MAP_FAILED) found.at = at, found.size = about.st_size;
    }
    close(fd);
    return found;
}

static void unmap(Mapped m) { if (m.at) munmap((void *)m.at, m.size); }

static char *copied(const char *from, size_t size) {
    char *to = malloc(size + 1);
    memcpy(to, from, size);
    to[size] = 0;
    return to;
}

/* ---- the script ---- */

static long counted(const char *verb) {
    char name[64], path[4096];
    struct stat about;
    snprintf(name, sizeof name, "count.%s", verb);
    path_of(path, sizeof path, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return 0;
    long n = write(fd, ".", 1) == 1 && fstat(fd, &about) == 0 ? (long)about.st_size : 0;
    close(fd);
    return n;
}

/* The line of the script that is for this call: its action and argument. 0: none. */
static int scripted(const char *verb, const char *asked, char *action, char *argument) {
    Mapped script = mapped("script");
    if (!script.at) return 0;
    char *text = copied(script.at, script.size), *rest = text, *line;
    unmap(script);
    long n = -1;
    int found = 0;
    while (!found && (line = strsep(&rest, "\n"))) {
        char its_verb[32], when[4096];
        action[0] = argument[0] = 0;
        if (sscanf(line, "%31s %4095s %31s %4095[^\n]", its_verb, when, action, argument) < 3) continue;
        if (strcmp(its_verb, verb)) continue;
        if (when[0] == '*') found = 1;
        else if (when[0] == '=') found = !strncmp(asked, when + 1, strlen(when + 1));
        else {
            if (n < 0) n = counted(verb);
            long wanted = atol(when);
            found = strchr(when, '+') ? n >= wanted : n == wanted;
        }
    }
    free(text);
    if (found && !strcmp(action, "abort")) abort();
    if (found && !strcmp(action, "hang")) for (;;) pause();
    return found;
}

/* ---- base64, SHA-1, AES-256-CBC ---- */

static int base64(const char *text, unsigned char *out) {
    static signed char value[256];
    static int made;
    if (!made) {
        const char *alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        memset(value, -1, sizeof value);
        for (int i = 0; i < 64; i++) value[(unsigned char)alphabet[i]] = i;
        made = 1;
    }
    int size = 0, bits = 0;
    unsigned int held = 0;
    for (; *text && *text != '='; text++) {
        int v = value[(unsigned char)*text];
        if (v < 0) return -1;
        held = held << 6 | v, bits += 6;
        if (bits >= 8) bits -= 8, out[size++] = held >> bits & 255;
    }
    return size;
}

#define ROTATED(x, n) ((x) << (n) | (x) >> (32 - (n)))

static void sha1_hex(const char *text, char *hex) {
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    size_t length = strlen(text), blocks = (length + 8) / 64 + 1;
    unsigned char *m = calloc(blocks, 64);
    memcpy(m, text, length);
    m[length] = 0x80;
    for (int i = 0; i < 8; i++) m[blocks * 64 - 1 - i] = (uint64_t)length * 8 >> (8 * i) & 255;
    for (size_t b = 0; b < blocks; b++) {
        uint32_t w[80], a = h[0], bb = h[1], c = h[2], d = h[3], e = h[4];
        for (int i = 0; i < 16; i++) {
            unsigned char *p = m + b * 64 + i * 4;
            w[i] = (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
        }
        for (int i = 16; i < 80; i++) w[i] = ROTATED(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        for (int i = 0; i < 80; i++) {
            uint32_t f = i < 20 ? (bb & c) | (~bb & d) : i < 40 || i >= 60 ? bb ^ c ^ d : (bb & c) | (bb & d) | (c & d);
            uint32_t k = i < 20 ? 0x5A827999 : i < 40 ? 0x6ED9EBA1 : i < 60 ? 0x8F1BBCDC : 0xCA62C1D6;
            uint32_t t = ROTATED(a, 5) + f + e + k + w[i];
            e = d, d = c, c = ROTATED(bb, 30), bb = a, a = t;
        }
        h[0] += a, h[1] += bb, h[2] += c, h[3] += d, h[4] += e;
    }
    free(m);
    for (int i = 0; i < 5; i++) sprintf(hex + 8 * i, "%08x", h[i]);
}

static unsigned char sbox[256], inverse[256], by9[256], by11[256], by13[256], by14[256];

static unsigned char times(unsigned char a, unsigned char b) {
    unsigned char product = 0;
    for (; b; b >>= 1, a = a << 1 ^ (a & 128 ? 27 : 0)) if (b & 1) product ^= a;
    return product;
}

__attribute__((constructor)) static void tables(void) {
    for (int i = 0; i < 256; i++) {
        unsigned char x = 1, s;
        for (int j = 0; i && j < 254; j++) x = times(x, i);  /* i^254 = 1/i */
        if (!i) x = 0;
        s = x ^ (x << 1 | x >> 7) ^ (x << 2 | x >> 6) ^ (x << 3 | x >> 5) ^ (x << 4 | x >> 4) ^ 0x63;
        sbox[i] = s, inverse[s] = i;
        by9[i] = times(i, 9), by11[i] = times(i, 11), by13[i] = times(i, 13), by14[i] = times(i, 14);
    }
}

static void expand(const unsigned char *key, unsigned char *w) {
    unsigned char rcon = 1;
    memcpy(w, key, 32);
    for (int i = 8; i < 60; i++) {
        unsigned char t[4];
        memcpy(t, w + 4 * (i - 1), 4);
        if (i % 8 == 0) {
            unsigned char first = t[0];
            t[0] = sbox[t[1]] ^ rcon, t[1] = sbox[t[2]], t[2] = sbox[t[3]], t[3] = sbox[first];
            rcon = times(rcon, 2);
        } else if (i % 8 == 4) {
            for (int j = 0; j < 4; j++) t[j] = sbox[t[j]];
        }
        for (int j = 0; j < 4; j++) w[4 * i + j] = w[4 * (i - 8) + j] ^ t[j];
    }
}

static void block(const unsigned char *w, const unsigned char *in, unsigned char *out) {
    unsigned char s[16], t[16];
    for (int i = 0; i < 16; i++) s[i] = in[i] ^ w[224 + i];
    for (int round = 13; round >= 0; round--) {
        for (int c = 0; c < 4; c++)
            for (int r = 0; r < 4; r++) t[4 * ((c + r) & 3) + r] = inverse[s[4 * c + r]];
        for (int i = 0; i < 16; i++) t[i] ^= w[16 * round + i];
        if (!round) break;
        for (int c = 0; c < 16; c += 4) {
            unsigned char a = t[c], b = t[c + 1], d = t[c + 2], e = t[c + 3];
            s[c] = by14[a] ^ by11[b] ^ by13[d] ^ by9[e], s[c + 1] = by9[a] ^ by14[b] ^ by11[d] ^ by13[e];
            s[c + 2] = by13[a] ^ by9[b] ^ by14[d] ^ by11[e], s[c + 3] = by11[a] ^ by13[b] ^ by9[d] ^ by14[e];
        }
    }
    memcpy(out, t, 16);
}

/* ---- the vendor's functions ---- */

WeWorkFinanceSdk_t *NewSdk(void) { return calloc(1, sizeof(WeWorkFinanceSdk_t)); }
void DestroySdk(WeWorkFinanceSdk_t *sdk) { free(sdk); }

int Init(WeWorkFinanceSdk_t *sdk, const char *corpid, const char *secret) {
    if (!sdk || !corpid || !secret || !*corpid || !*secret) return 10000;
    sdk->ready = 1;
    return 0;
}

Slice_t *NewSlice(void) { return calloc(1, sizeof(Slice_t)); }
void FreeSlice(Slice_t *slice) { if (slice) free(slice->buf), free(slice); }
char *GetContentFromSlice(Slice_t *slice) { return slice->buf ? slice->buf : ""; }
int GetSliceLen(Slice_t *slice) { return slice->len; }
MediaData_t *NewMediaData(void) { return calloc(1, sizeof(MediaData_t)); }
void FreeMediaData(MediaData_t *m) { if (m) free(m->outindexbuf), free(m->data), free(m); }
char *GetOutIndexBuf(MediaData_t *m) { return m->outindexbuf ? m->outindexbuf : ""; }
int GetIndexLen(MediaData_t *m) { return m->out_len; }
char *GetData(MediaData_t *m) { return m->data ? m->data : ""; }
int GetDataLen(MediaData_t *m) { return m->data_len; }
int IsMediaDataFinish(MediaData_t *m) { return m->is_finish; }

static int filled(Slice_t *out, const char *from, size_t size) {
    out->buf = copied(from, size), out->len = (int)size;
    return 0;
}

/* The JSON of up to `limit` lines after `seq`. */
static int served(uint64_t seq, unsigned int limit, Slice_t *out) {
    static const char head[] = "{\"errcode\":0,\"errmsg\":\"ok\",\"chatdata\":[";
    Mapped lines = mapped("records.jsonl"), offsets = mapped("offsets.bin");
    const uint64_t *at = (const uint64_t *)offsets.at;
    size_t count = offsets.size / 16, low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (at[2 * middle] <= seq) low = middle + 1; else high = middle;
    }
    size_t last = low + limit < count ? low + limit : count;
    size_t from = low < count ? at[2 * low + 1] : 0;
    size_t size = low < count ? (last < count ? at[2 * last + 1] : lines.size) - from : 0;
    char *buf = malloc(sizeof head + size + 3), *to = buf;
    to = mempcpy(to, head, sizeof head - 1);
    memcpy(to, lines.at + from, size);
    while (size && to[size - 1] == '\n') size--;
    for (char *p = to; (p = memchr(p, '\n', to + size - p)); ) *p = ',';
    to = mempcpy(to + size, "]}", 3);
    out->buf = buf, out->len = (int)(to - buf - 1);
    unmap(lines), unmap(offsets);
    return 0;
}

int GetChatData(WeWorkFinanceSdk_t *sdk, unsigned long long seq, unsigned int limit, const char *proxy,
                const char *passwd, int timeout, Slice_t *out) {
    char action[32], argument[4096], asked[32];
    (void)proxy, (void)passwd;
    puts("stand-in: GetChatData");  /* what is printed must not disturb anybody */
    fflush(stdout);
    if (!sdk || !sdk->ready || !out || limit < 1 || limit > 1000) return 10000;
    if (timeout <= 0) for (;;) pause();
    snprintf(asked, sizeof asked, "%llu", seq);
    if (scripted("page", asked, action, argument)) {
        if (!strcmp(action, "body")) return filled(out, argument, strlen(argument));
        if (!strcmp(action, "file")) {
            Mapped body = mapped(argument);
            int code = filled(out, body.at ? body.at : "", body.size);
            unmap(body);
            return code;
        }
        if (atoi(action)) return atoi(action);
    }
    return served(seq, limit, out);
}

int DecryptData(const char *encrypt_key, const char *encrypt_msg, Slice_t *out) {
    char action[32], argument[4096];
    unsigned char key[32], w[240];
    if (!encrypt_key || !encrypt_msg || !out) return 10000;
    if (strlen(encrypt_msg) < 13) abort();
    if (scripted("decrypt", encrypt_msg, action, argument) && atoi(action)) return atoi(action);
    if (strlen(encrypt_key) != 64) return 10008;
    for (int i = 0; i < 32; i++) {
        char pair[3] = {encrypt_key[2 * i], encrypt_key[2 * i + 1], 0}, *end;
        key[i] = strtoul(pair, &end, 16);
        if (end != pair + 2) return 10008;
    }
    unsigned char *sealed = malloc(strlen(encrypt_msg) + 1);
    int size = base64(encrypt_msg, sealed);
    if (size < 32 || size % 16) return free(sealed), 10008;
    char *plain = malloc(size);
    expand(key, w);
    for (int at = 16; at < size; at += 16) {
        block(w, sealed + at, (unsigned char *)plain + at - 16);
        for (int i = 0; i < 16; i++) plain[at - 16 + i] ^= sealed[at - 16 + i];
    }
    size -= 16;
    int padding = (unsigned char)plain[size - 1];
    int good = padding >= 1 && padding <= 16;
    for (int i = 1; good && i <= padding; i++) good = (unsigned char)plain[size - i] == padding;
    if (good) filled(out, plain, size - padding);
    free(sealed), free(plain);
    return good ? 0 : 10008;
}

int GetMediaData(WeWorkFinanceSdk_t *sdk, const char *indexbuf, const char *sdkFileid, const char *proxy,
                 const char *passwd, int timeout, MediaData_t *out) {
    char action[32], argument[4096], name[64] = "media/", next[64];
    unsigned long from = 0, to = PIECE - 1;
    (void)proxy, (void)passwd;
    if (!sdk || !sdk->ready || !indexbuf || !sdkFileid || !*sdkFileid || !out) return 10000;
    if (*indexbuf && sscanf(indexbuf, "Range:bytes=%lu-%lu", &from, &to) != 2) return 10000;
    if (timeout <= 0) for (;;) pause();
    if (scripted("media", sdkFileid, action, argument) && atoi(action)) return atoi(action);
    sha1_hex(sdkFileid, name + 6);
    Mapped file = mapped(name);
    if (!file.at) return 10005;
    if (from >= file.size) return unmap(file), 10003;
    size_t size = file.size - from < PIECE ? file.size - from : PIECE;
    out->data = copied(file.at + from, size), out->data_len = (int)size;
    out->is_finish = from + size == file.size;
    snprintf(next, sizeof next, "Range:bytes=%zu-%zu", from + size, from + size + PIECE - 1);
    out->outindexbuf = copied(next, strlen(next)), out->out_len = (int)strlen(next);
    unmap(file);
    return 0;
}
