// Numbers with a unit → the text that people read. Pure; every figure that a command prints is set here.

/** `54,120`. */
export function formatCount(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 step`, `106 steps`. */
export function formatCounted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `640 B`, `9.3 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1023.95 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** `46 ms`, `1.2 s`, `2m 05s`, `1h 02m`: at most six characters up to 99 hours. */
export function formatDuration(seconds: number): string {
  if (seconds < 0.9995) return `${(1000 * seconds).toFixed(0)} ms`;
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${twoDigits(whole % 60)}s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}h ${twoDigits(minutes % 60)}m`;
}

/** A remaining time, which is never known better: `3 s`, `2m 05s`. */
export function formatRemaining(seconds: number): string {
  return seconds < 99.5 ? `${Math.ceil(seconds)} s` : formatDuration(seconds);
}

/** Two to five digits in at most seven characters: `0.2451`, `12.35`, `1.2e-5`; a loss may also be NaN. */
export function formatLoss(loss: number): string {
  if (!Number.isFinite(loss)) return String(loss).replace('Infinity', '∞');
  const size = Math.abs(loss);
  if (size !== 0 && (size < 0.001 || size >= 999_999.5)) return loss.toExponential(1).replace('e+', 'e');
  if (size < 9.99995) return loss.toFixed(4);
  return size < 999.995 ? loss.toFixed(2) : loss.toFixed(0);
}

/** `92.71 %`. */
export function formatPercent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}

/** A share of a whole, `33 %`; what is there but small is `<1 %`. */
export function formatShare(fraction: number): string {
  return fraction > 0 && fraction < 0.005 ? '<1 %' : `${(100 * fraction).toFixed(0)} %`;
}

/** A learning rate in at most seven characters: `0.001`, `2.5e-4`. */
export function formatRate(rate: number): string {
  const digits = String(Number(rate.toPrecision(3)));
  return digits.length <= 6 ? digits : rate.toExponential(1).replace('e+', 'e');
}

/** Milliseconds with three significant digits: `0.034`, `9.46`, `124`. */
export function formatMs(ms: number): string {
  if (ms < 0.9995) return ms.toFixed(3);
  return ms < 99.95 ? ms.toFixed(2) : formatCount(ms);
}

/** An accuracy, also among the top k, as a percentage; any other metric as a loss. */
export function formatMetric(metric: string, value: number): string {
  return metric === 'accuracy' || /^top\d/.test(metric) ? formatPercent(value) : formatLoss(value);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
