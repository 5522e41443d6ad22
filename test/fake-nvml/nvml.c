/*
 * A libnvidia-ml.so.1 for tests: it answers from a text file instead of a driver.
 *
 * The file is named by FAKE_NVML_STATE and looked at on every call, so a test changes it while a
 * program runs. Each line is `key=value`. A value that is not there is one that the driver does
 * not support: its function answers 3. test/support/fake-nvml.ts writes the file and tells the keys.
 *
 * Keys of a board begin with `gpu.<index>.`, those of a slice of it with `gpu.<index>.mig.<index>.`.
 * Before any key of a fault may stand the prefix of a board or slice:
 *   fault.<function>=<code>  it answers that code        fault.*=<code>  every function does
 *   hang.<function>=1        it never comes back         delay.<function>=<ms>  it takes that long
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OK = 0, UNINITIALIZED = 1, INVALID = 2, UNSUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7,
       TIMED_OUT = 10, OTHER_VERSION = 25 };
enum { BOARDS = 64, SLICES = 16, LINES = 8192, XIDS = 4096, SETS = 64 };

/* Handles are addresses of these, as the driver's are addresses of something of its own. */
static char places[BOARDS][1 + SLICES][48];
typedef struct { int used; unsigned char boards[BOARDS]; } *EventSet;
static struct { int used; unsigned char boards[BOARDS]; } sets[SETS];

static char *text, *lines[LINES];
static int lineCount, initialised;
static struct stat seen;
static int64_t delivered[XIDS];
static int deliveredCount;

/* -- the file ------------------------------------------------------------------------------- */

static int byKey(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* A file that another one replaced is another file: number and time of change tell it. */
static void look(void) {
  const char *path = getenv("FAKE_NVML_STATE");
  struct stat now;
  if (!path || stat(path, &now)) return;
  if (text && now.st_ino == seen.st_ino && now.st_size == seen.st_size &&
      !memcmp(&now.st_mtim, &seen.st_mtim, sizeof now.st_mtim)) return;
  FILE *file = fopen(path, "r");
  if (!file) return;
  text = realloc(text, (size_t)now.st_size + 1);
  text[fread(text, 1, (size_t)now.st_size, file)] = 0;
  fclose(file);
  seen = now;
  lineCount = 0;
  for (char *line = strtok(text, "\n"); line && lineCount < LINES; line = strtok(NULL, "\n")) {
    char *equals = strchr(line, '=');
    if (!equals) continue;
    *equals = 0;
    lines[lineCount++] = line;
  }
  qsort(lines, (size_t)lineCount, sizeof *lines, byKey);
}

static const char *get(const char *prefix, const char *key, const char *last) {
  char whole[256], *pointer = whole;
  snprintf(whole, sizeof whole, "%s%s%s", prefix, key, last);
  char **found = bsearch(&pointer, lines, (size_t)lineCount, sizeof *lines, byKey);
  return found ? *found + strlen(*found) + 1 : NULL;
}

static int number(const char *prefix, const char *key, unsigned long long *value) {
  const char *found = get(prefix, key, "");
  if (!found || !*found) return UNSUPPORTED;
  *value = strtoull(found, NULL, 10);
  return OK;
}

static int number32(const char *prefix, const char *key, unsigned *value) {
  unsigned long long wide;
  int code = number(prefix, key, &wide);
  if (code == OK) *value = (unsigned)wide;
  return code;
}

static int string(const char *prefix, const char *key, char *to, unsigned length) {
  const char *found = get(prefix, key, "");
  if (!found) return UNSUPPORTED;
  if (strlen(found) >= length) return TOO_SMALL;
  strcpy(to, found);
  return OK;
}

/* -- faults --------------------------------------------------------------------------------- */

static unsigned boards(void) {
  unsigned count = 0;
  number32("", "gpus", &count);
  return count > BOARDS ? BOARDS : count;
}

static int isDevice(const void *device) {
  size_t at = (size_t)((const char *)device - &places[0][0][0]), all = sizeof places;
  return at < all && at % sizeof places[0][0] == 0 && at / sizeof places[0] < boards();
}

static unsigned boardOf(const void *device) {
  return (unsigned)((size_t)((const char *)device - &places[0][0][0]) / sizeof places[0]);
}

/* Tells a test that a program has come so far: a line in the file `<state file>.<suffix>`. */
static void mark(const char *suffix, const char *function) {
  char path[512];
  const char *state = getenv("FAKE_NVML_STATE");
  snprintf(path, sizeof path, "%s.%s", state ? state : "", suffix);
  FILE *file = state ? fopen(path, "a") : NULL;
  if (!file) return;
  fprintf(file, "%s\n", function);
  fclose(file);
}

static void hang(const char *function) {
  mark("hung", function);
  for (;;) pause();
}

static int fault(const char *prefix, const char *function) {
  const char *found;
  if (get(prefix, "hang.", function)) hang(function);
  if ((found = get(prefix, "delay.", function))) usleep((useconds_t)atoi(found) * 1000);
  if ((found = get(prefix, "fault.", function))) return atoi(found);
  if ((found = get(prefix, "fault.", "*"))) return atoi(found);
  return OK;
}

/* What every function does first; the code that it answers at once, or OK. */
static int enter(const char *function) {
  look();
  int code = fault("", function);
  return code ? code : initialised ? OK : UNINITIALIZED;
}

static int enterDevice(const char *function, const void *device) {
  int code = enter(function);
  if (code) return code;
  if (!isDevice(device)) return INVALID;
  char board[48];
  snprintf(board, sizeof board, "gpu.%u.", boardOf(device));
  if ((code = fault(board, function))) return code;
  return strcmp(board, device) ? fault(device, function) : OK;
}

#define ENTER() do { int code_ = enter(__func__); if (code_) return code_; } while (0)
#define ENTER_DEVICE() do { int code_ = enterDevice(__func__, device); if (code_) return code_; } while (0)

/* -- the library ---------------------------------------------------------------------------- */

static int initialise(const char *function) {
  look();
  int code = fault("", function);
  if (code == OK) initialised++;
  return code;
}
int nvmlInit_v2(void) { return initialise("nvmlInit_v2"); }
int nvmlInit(void) { return initialise("nvmlInit"); }

int nvmlShutdown(void) {
  ENTER();
  initialised--;
  if (initialised) return OK;
  memset(sets, 0, sizeof sets);
  mark("shutdown", __func__);
  return OK;
}

int nvmlSystemGetDriverVersion(char *version, unsigned length) {
  ENTER();
  return string("", "driver", version, length);
}

int nvmlSystemGetCudaDriverVersion(int *version) {
  ENTER();
  return number32("", "cuda", (unsigned *)version);
}

static int countBoards(unsigned *count) { *count = boards(); return OK; }
int nvmlDeviceGetCount_v2(unsigned *count) { ENTER(); return countBoards(count); }
int nvmlDeviceGetCount(unsigned *count) { ENTER(); return countBoards(count); }

static int handle(const char *function, unsigned index, void **device) {
  if (index >= boards()) return INVALID;
  char *place = places[index][0];
  snprintf(place, sizeof places[0][0], "gpu.%u.", index);
  int code = fault(place, function);
  if (code == OK) *device = place;
  return code;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) { ENTER(); return handle(__func__, index, device); }
int nvmlDeviceGetHandleByIndex(unsigned index, void **device) { ENTER(); return handle(__func__, index, device); }

/* -- what a board is ------------------------------------------------------------------------ */

int nvmlDeviceGetUUID(void *device, char *uuid, unsigned length) {
  ENTER_DEVICE();
  return string(device, "uuid", uuid, length);
}

int nvmlDeviceGetName(void *device, char *name, unsigned length) {
  ENTER_DEVICE();
  return string(device, "name", name, length);
}

typedef struct { char legacy[16]; unsigned domain, bus, device, id, subSystem; char busId[32]; } Pci;
int nvmlDeviceGetPciInfo_v3(void *device, Pci *pci) {
  ENTER_DEVICE();
  memset(pci, 0, sizeof *pci);
  return string(device, "pci", pci->busId, sizeof pci->busId);
}

/* -- memory --------------------------------------------------------------------------------- */

/*
 * `used` of the file is that of programs. Both versions of the call count the reserve in, as the
 * header says; drivers that do not do so in version 2 are had with `usedWithoutReserved=1`.
 */
typedef struct { unsigned long long total, free, used; } Memory;
int nvmlDeviceGetMemoryInfo(void *device, Memory *memory) {
  ENTER_DEVICE();
  unsigned long long reserved = 0;
  if (number(device, "memory.total", &memory->total)) return UNSUPPORTED;
  number(device, "memory.used", &memory->used);
  number(device, "memory.reserved", &reserved);
  memory->used += reserved;
  memory->free = memory->total - memory->used;
  return OK;
}

typedef struct { unsigned version; unsigned long long total, reserved, free, used; } Memory2;
int nvmlDeviceGetMemoryInfo_v2(void *device, Memory2 *memory) {
  ENTER_DEVICE();
  if (memory->version != (sizeof *memory | 2u << 24)) return OTHER_VERSION;
  if (number(device, "memory.total", &memory->total)) return UNSUPPORTED;
  memory->reserved = memory->used = 0;
  number(device, "memory.used", &memory->used);
  number(device, "memory.reserved", &memory->reserved);
  memory->free = memory->total - memory->used - memory->reserved;
  if (!get("", "usedWithoutReserved", "")) memory->used += memory->reserved;
  return OK;
}

/* -- how it is doing ------------------------------------------------------------------------ */

typedef struct { unsigned gpu, memory; } Utilization;
int nvmlDeviceGetUtilizationRates(void *device, Utilization *utilization) {
  ENTER_DEVICE();
  int code = number32(device, "utilization.gpu", &utilization->gpu);
  return code ? code : number32(device, "utilization.memory", &utilization->memory);
}

int nvmlDeviceGetEncoderUtilization(void *device, unsigned *percent, unsigned *periodUs) {
  ENTER_DEVICE();
  *periodUs = 167000;
  return number32(device, "utilization.encoder", percent);
}

int nvmlDeviceGetDecoderUtilization(void *device, unsigned *percent, unsigned *periodUs) {
  ENTER_DEVICE();
  *periodUs = 167000;
  return number32(device, "utilization.decoder", percent);
}

typedef struct { unsigned version, sensor; int temperature; } Temperature;
int nvmlDeviceGetTemperatureV(void *device, Temperature *temperature) {
  ENTER_DEVICE();
  if (temperature->version != (sizeof *temperature | 1u << 24)) return OTHER_VERSION;
  if (temperature->sensor != 0) return INVALID;
  return number32(device, "temperature", (unsigned *)&temperature->temperature);
}

int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *celsius) {
  ENTER_DEVICE();
  return sensor ? INVALID : number32(device, "temperature", celsius);
}

int nvmlDeviceGetTemperatureThreshold(void *device, int threshold, unsigned *celsius) {
  ENTER_DEVICE();
  return threshold == 1 ? number32(device, "slowdown", celsius) : UNSUPPORTED;
}

int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts) {
  ENTER_DEVICE();
  return number32(device, "power", milliwatts);
}

int nvmlDeviceGetEnforcedPowerLimit(void *device, unsigned *milliwatts) {
  ENTER_DEVICE();
  return number32(device, "powerLimit", milliwatts);
}

int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *millijoules) {
  ENTER_DEVICE();
  return number(device, "energy", millijoules);
}

int nvmlDeviceGetClockInfo(void *device, unsigned clock, unsigned *megahertz) {
  ENTER_DEVICE();
  static const char *const keys[] = { "clock.graphics", "clock.sm", "clock.memory", "clock.video" };
  return clock < 4 ? number32(device, keys[clock], megahertz) : INVALID;
}

int nvmlDeviceGetPerformanceState(void *device, unsigned *state) {
  ENTER_DEVICE();
  return number32(device, "pstate", state);
}

int nvmlDeviceGetCurrentClocksEventReasons(void *device, unsigned long long *reasons) {
  ENTER_DEVICE();
  return number(device, "reasons", reasons);
}

int nvmlDeviceGetCurrentClocksThrottleReasons(void *device, unsigned long long *reasons) {
  ENTER_DEVICE();
  return number(device, "reasons", reasons);
}

int nvmlDeviceGetFanSpeed(void *device, unsigned *percent) {
  ENTER_DEVICE();
  return number32(device, "fan", percent);
}

int nvmlDeviceGetTotalEccErrors(void *device, unsigned type, unsigned counter, unsigned long long *count) {
  ENTER_DEVICE();
  if (counter != 0) return INVALID;
  return number(device, type ? "ecc.uncorrected" : "ecc.corrected", count);
}

int nvmlDeviceGetRemappedRows(void *device, unsigned *correctable, unsigned *uncorrectable,
                              unsigned *pending, unsigned *failed) {
  ENTER_DEVICE();
  int code = number32(device, "rows.correctable", correctable);
  if (code == OK) code = number32(device, "rows.uncorrectable", uncorrectable);
  if (code == OK) code = number32(device, "rows.pending", pending);
  return code ? code : number32(device, "rows.failed", failed);
}

int nvmlDeviceGetPcieThroughput(void *device, unsigned counter, unsigned *kilobytes) {
  ENTER_DEVICE();
  return number32(device, counter ? "pcie.rx" : "pcie.tx", kilobytes);
}

typedef struct {
  unsigned field, scope;
  long long timestamp, latencyUs;
  int type, code;
  union { double d; unsigned u; unsigned long long wide; } value;
} FieldValue;
int nvmlDeviceGetFieldValues(void *device, int count, FieldValue *values) {
  ENTER_DEVICE();
  for (int at = 0; at < count; at++) {
    FieldValue *one = &values[at];
    one->type = 1;
    one->code = one->field == 230 ? number32(device, "recovery", &one->value.u) : UNSUPPORTED;
  }
  return OK;
}

/* -- processes: `pid:bytes:percent` with commas; bytes -1 = unknown, percent may be left out ---- */

static const char *nextProcess(const char *at, unsigned *pid, long long *bytes, int *percent) {
  if (!at || !*at) return NULL;
  *percent = -1;
  if (sscanf(at, "%u:%lld:%d", pid, bytes, percent) < 2) return NULL;
  const char *comma = strchr(at, ',');
  return comma ? comma + 1 : "";
}

/* The driver has written this list with 16, 24 and 32 bytes a process, whatever the name says. */
static int processes(void *device, const char *key, unsigned *count, unsigned char *out) {
  const char *list = get(device, key, "");
  unsigned stride = 24, room = *count, pid, all = 0;
  long long bytes;
  int percent;
  if (!list) return UNSUPPORTED;
  number32("", "stride", &stride);
  for (const char *at = list; (at = nextProcess(at, &pid, &bytes, &percent)); all++) {
    if (all >= room) continue;
    unsigned char *row = out + (size_t)all * stride;
    memset(row, 0, stride);
    memcpy(row, &pid, 4);
    memcpy(row + 8, &bytes, 8);
    if (stride >= 24) memset(row + 16, 0xff, 8);
  }
  *count = all;
  return all > room ? TOO_SMALL : OK;
}

#define PROCESS_LIST(name, key)                                                                   \
  int name(void *device, unsigned *count, void *out) { ENTER_DEVICE(); return processes(device, key, count, out); }
PROCESS_LIST(nvmlDeviceGetComputeRunningProcesses_v3, "processes")
PROCESS_LIST(nvmlDeviceGetComputeRunningProcesses_v2, "processes")
PROCESS_LIST(nvmlDeviceGetComputeRunningProcesses, "processes")
PROCESS_LIST(nvmlDeviceGetGraphicsRunningProcesses_v3, "graphics")
PROCESS_LIST(nvmlDeviceGetGraphicsRunningProcesses_v2, "graphics")
PROCESS_LIST(nvmlDeviceGetGraphicsRunningProcesses, "graphics")

typedef struct { unsigned pid; unsigned long long timestamp; unsigned sm, memory, encoder, decoder; } Sample;
int nvmlDeviceGetProcessUtilization(void *device, Sample *samples, unsigned *count, unsigned long long since) {
  ENTER_DEVICE();
  static unsigned long long clock;
  const char *list = get(device, "processes", "");
  unsigned room = samples ? *count : 0, pid, all = 0;
  long long bytes;
  int percent;
  if (!list) return UNSUPPORTED;
  for (const char *at = list; (at = nextProcess(at, &pid, &bytes, &percent));) {
    if (percent < 0) continue;
    if (all < room) samples[all] = (Sample){ .pid = pid, .timestamp = (clock > since ? clock : since) + 1, .sm = (unsigned)percent };
    all++;
  }
  clock++;
  *count = all;
  return all > room ? TOO_SMALL : all ? OK : NOT_FOUND;
}

/* -- events: `xid.<id>=<board>,<xid>`; each id is delivered once to a process -------------------- */

int nvmlDeviceGetSupportedEventTypes(void *device, unsigned long long *types) {
  ENTER_DEVICE();
  *types = 0x1f;
  number(device, "events", types);
  return OK;
}

int nvmlEventSetCreate(void **set) {
  ENTER();
  for (int at = 0; at < SETS; at++) {
    if (sets[at].used) continue;
    sets[at].used = 1;
    memset(sets[at].boards, 0, BOARDS);
    *set = &sets[at];
    return OK;
  }
  return 20;
}

int nvmlEventSetFree(EventSet set) { ENTER(); set->used = 0; return OK; }

int nvmlDeviceRegisterEvents(void *device, unsigned long long types, EventSet set) {
  ENTER_DEVICE();
  if (types & 8) set->boards[boardOf(device)] = 1;
  return OK;
}

static int isDelivered(int64_t id) {
  for (int at = 0; at < deliveredCount; at++) if (delivered[at] == id) return 1;
  return 0;
}

typedef struct { void *device; unsigned long long type, data; unsigned gpuInstance, computeInstance; } Event;
int nvmlEventSetWait_v2(EventSet set, Event *event, unsigned timeoutMs) {
  ENTER();
  (void)timeoutMs;
  for (int at = 0; at < lineCount; at++) {
    unsigned board, xid;
    if (strncmp(lines[at], "xid.", 4)) continue;
    int64_t id = atoll(lines[at] + 4);
    if (sscanf(lines[at] + strlen(lines[at]) + 1, "%u,%u", &board, &xid) != 2) continue;
    if (board >= BOARDS || !set->boards[board] || isDelivered(id) || deliveredCount == XIDS) continue;
    delivered[deliveredCount++] = id;
    *event = (Event){ places[board][0], 8, xid, ~0u, ~0u };
    return OK;
  }
  return TIMED_OUT;
}

/* -- slices --------------------------------------------------------------------------------- */

int nvmlDeviceGetMaxMigDeviceCount(void *device, unsigned *count) {
  ENTER_DEVICE();
  *count = 0;
  number32(device, "migs", count);
  return OK;
}

int nvmlDeviceGetMigDeviceHandleByIndex(void *device, unsigned index, void **slice) {
  ENTER_DEVICE();
  unsigned count = 0;
  number32(device, "migs", &count);
  if (index >= count || index >= SLICES) return NOT_FOUND;
  char *place = places[boardOf(device)][1 + index];
  snprintf(place, sizeof places[0][0], "gpu.%u.mig.%u.", boardOf(device), index);
  if (!get(place, "uuid", "")) return NOT_FOUND;
  *slice = place;
  return OK;
}
