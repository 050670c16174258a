// Times as people say them.

const DAY_MS = 86_400_000;

const kept = new Map<string, Intl.DateTimeFormat>();

function formatter(locale: string, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${name}`;
  const made = kept.get(key) ?? new Intl.DateTimeFormat(locale, options);
  kept.set(key, made);
  return made;
}

export function dayOf(time: string): string {
  return new Date(time).toDateString();
}

export function clock(time: string, locale: string): string {
  return formatter(locale, "clock", { hour: "numeric", minute: "2-digit" }).format(new Date(time));
}

export function whole(time: string, locale: string): string {
  return formatter(locale, "whole", { dateStyle: "medium", timeStyle: "short" }).format(new Date(time));
}

/** Days between now and then, by the calendar. */
function daysAgo(time: string, now: Date): number {
  const midnight = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  return Math.round((midnight(now) - midnight(new Date(time))) / DAY_MS);
}

/** A day, as a separator names it: today, yesterday, else its date. */
export function day(time: string, locale: string, now = new Date()): string {
  const days = daysAgo(time, now);
  if (days <= 1) {
    const text = new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(-Math.max(days, 0), "day");
    return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
  }
  const date = new Date(time);
  if (date.getFullYear() === now.getFullYear()) {
    return formatter(locale, "day", { weekday: "long", day: "numeric", month: "long" }).format(date);
  }
  return formatter(locale, "date", { dateStyle: "long" }).format(date);
}

/** A time in a list: the clock today, the weekday of this week, else the date. */
export function short(time: string, locale: string, now = new Date()): string {
  const days = daysAgo(time, now);
  if (days <= 0) return clock(time, locale);
  if (days < 7) return formatter(locale, "weekday", { weekday: "short" }).format(new Date(time));
  return formatter(locale, "short", { dateStyle: "short" }).format(new Date(time));
}

/** A time as the wall clock shows it here, for a field of date and time. */
export function local(time: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day}T${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** When a day of a calendar begins here, or one so many days after it. */
export function startOf(day: string, later = 0): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}

/** How long a recording lasts, as a clock shows it; a shorter one lasts a second. */
export function length(seconds: number): string {
  return elapsed(Math.max(1, Math.round(seconds)));
}

/** Whole seconds that have passed. */
export function elapsed(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const SPANS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]] as const;

/** The largest unit that a time has whole, and how many of them. */
function span(seconds: number): [(typeof SPANS)[number][0], number] {
  const [unit, each] = SPANS.find(([, size]) => seconds >= size) ?? ["second", 1];
  return [unit, Math.ceil(seconds / each)];
}

/** How long a time lasts, in its largest unit. */
export function lasting(seconds: number, locale: string): string {
  const [unit, count] = span(seconds);
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(count);
}

/** When a time from now is over: in five minutes. */
export function later(ms: number, locale: string): string {
  const [unit, count] = span(Math.ceil(ms / 1_000));
  return new Intl.RelativeTimeFormat(locale).format(count, unit);
}
