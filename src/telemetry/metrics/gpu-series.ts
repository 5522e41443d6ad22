import type { SeriesTable } from './series-row.js';

function gauge<const Labels extends readonly string[]>(
  labels: Labels,
  help: string,
): { readonly type: 'gauge'; readonly labels: Labels; readonly help: string } {
  return { type: 'gauge', labels, help };
}

function counter<const Labels extends readonly string[]>(
  labels: Labels,
  help: string,
): { readonly type: 'counter'; readonly labels: Labels; readonly help: string } {
  return { type: 'counter', labels, help };
}

/**
 * What the driver says of each GPU; the label `gpu` is its UUID. What a GPU does not support is
 * absent, and without a driver all are.
 */
export const GPU_SERIES = {
  gpu_info: gauge(
    ['gpu', 'index', 'name', 'driver_version', 'cuda_version'],
    'Always 1: what each GPU is and which driver runs it.',
  ),
  gpu_utilization_ratio: gauge(['gpu'], 'Share of time in which the GPU computed.'),
  gpu_memory_utilization_ratio: gauge(['gpu'], 'Share of time in which its memory was accessed.'),
  gpu_encoder_utilization_ratio: gauge(['gpu'], 'Share of time in which video was encoded.'),
  gpu_decoder_utilization_ratio: gauge(['gpu'], 'Share of time in which video was decoded.'),
  gpu_memory_total_bytes: gauge(['gpu'], 'Memory of the GPU.'),
  gpu_memory_used_bytes: gauge(['gpu'], 'Memory that programs use.'),
  gpu_memory_free_bytes: gauge(['gpu'], 'Memory that programs may take.'),
  gpu_memory_reserved_bytes: gauge(['gpu'], 'Memory that the driver keeps for itself.'),
  gpu_mig_memory_total_bytes: gauge(['gpu', 'mig'], 'Memory of a slice of the GPU.'),
  gpu_mig_memory_used_bytes: gauge(['gpu', 'mig'], 'Memory that programs use on a slice.'),
  gpu_process_memory_bytes: gauge(
    ['gpu', 'worker'],
    'Memory of the GPU that one of our workers uses.',
  ),
  gpu_temperature_celsius: gauge(['gpu'], 'Temperature of the GPU.'),
  gpu_temperature_slowdown_celsius: gauge(['gpu'], 'Temperature at which it slows itself down.'),
  gpu_power_watts: gauge(['gpu'], 'Power that the board draws.'),
  gpu_power_limit_watts: gauge(['gpu'], 'Power that the board may draw.'),
  gpu_energy_joules_total: counter(['gpu'], 'Energy drawn since the driver was loaded.'),
  gpu_clock_hertz: gauge(['gpu', 'clock'], 'Clocks: graphics, sm, memory, video.'),
  gpu_performance_state: gauge(['gpu'], 'Performance state, from 0, the fastest, to 15.'),
  gpu_clock_event_reason: gauge(
    ['gpu', 'reason'],
    '1 for each reason for which the clocks are held down now, 0 for the others.',
  ),
  gpu_fan_speed_ratio: gauge(['gpu'], "Speed of the fan, of the fan's highest."),
  gpu_ecc_errors_total: counter(
    ['gpu', 'kind'],
    'Memory errors since the driver was loaded: corrected, uncorrected.',
  ),
  gpu_remapped_rows: gauge(
    ['gpu', 'kind'],
    'Rows of memory that were replaced (correctable, uncorrectable), and whether that waits or failed.',
  ),
  gpu_pcie_bytes_per_second: gauge(['gpu', 'direction'], 'Traffic of the bus: tx, rx.'),
  gpu_xid_errors_total: counter(
    ['gpu', 'xid'],
    "Errors that the driver reported, by NVIDIA's number.",
  ),
  gpu_xid_last_timestamp_seconds: gauge(['gpu'], 'When the driver last reported an error.'),
  gpu_recovery_action: gauge(
    ['gpu'],
    'What the driver advises: 0 none, 1 reset, 2 reboot, 3 drain peer traffic, 4 drain and reset.',
  ),
  gpus_missing: gauge(
    [],
    'GPUs that were there since the start, or are listed, and cannot be read.',
  ),
  gpu_last_collect_success: gauge([], 'Whether the driver could be asked the last time: 1 or 0.'),
  gpu_last_collect_timestamp_seconds: gauge([], 'When the driver was last asked with success.'),
  gpu_collect_duration_seconds: gauge([], 'How long asking the driver took.'),
} as const satisfies SeriesTable;
