// Sizes of files as people say them.

const UNITS = ["byte", "kilobyte", "megabyte"] as const;

export function size(bytes: number, locale: string): string {
  let [value, at] = [bytes, 0];
  while (value >= 1_000 && at < UNITS.length - 1) [value, at] = [value / 1_000, at + 1];
  const maximumFractionDigits = at === 2 && value < 10 ? 1 : 0;
  return new Intl.NumberFormat(locale, { style: "unit", unit: UNITS[at] ?? "byte", unitDisplay: at === 0 ? "long" : "short", maximumFractionDigits }).format(value);
}
