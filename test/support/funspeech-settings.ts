/** The example of a file with settings for development in FunSpeech's guide. */
export const FUNSPEECH_DEV = `
HOST=0.0.0.0
PORT=8000
DEBUG=true
LOG_LEVEL=DEBUG
TTS_GPUS=cpu
ASR_GPUS=cpu
TTS_MODEL_MODE=cosyvoice1
# APPTOKEN=
# APPKEY=
`;

/** The example for production. */
export const FUNSPEECH_PROD = `
HOST=0.0.0.0
PORT=8000
DEBUG=false
LOG_LEVEL=WARNING
LOG_MAX_BYTES=52428800
LOG_BACKUP_COUNT=30
TTS_GPUS=0
ASR_GPUS=0
TTS_MODEL_MODE=all
APPTOKEN=your_production_token_here
APPKEY=your_production_appkey_here
ASR_ENABLE_NEARFIELD_FILTER=true
ASR_NEARFIELD_RMS_THRESHOLD=0.01
ASR_NEARFIELD_FILTER_LOG_ENABLED=false
`;
