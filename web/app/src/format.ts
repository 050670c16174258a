// Texts with values, in a part of ICU's message syntax: `{name}`, and `{count, plural, =0 {…} one {…} other {#}}`.

export type Values = Record<string, string | number>;

/** What stands between braces that belong together, from the place after the first, and the place after the last. */
function inside(text: string, from: number): [string, number] {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "{") depth++;
    if (text[at] === "}" && --depth === 0) return [text.slice(from, at), at + 1];
  }
  throw new Error(`braces are not closed: ${text}`);
}

function plural(choices: string, count: number, locale: string): string {
  const forms = new Map<string, string>();
  for (let at = 0; at < choices.length; ) {
    const open = choices.indexOf("{", at);
    if (open < 0) break;
    const [form, next] = inside(choices, open + 1);
    forms.set(choices.slice(at, open).trim(), form);
    at = next;
  }
  const form = forms.get(`=${count}`) ?? forms.get(new Intl.PluralRules(locale).select(count)) ?? forms.get("other");
  if (form === undefined) throw new Error(`no form for ${count}: ${choices}`);
  return form.replaceAll("#", new Intl.NumberFormat(locale).format(count));
}

/** A value that is not given stays as its name, so that it is seen. */
export function format(text: string, values: Values, locale: string): string {
  let out = "";
  for (let at = 0; at < text.length; ) {
    const open = text.indexOf("{", at);
    if (open < 0) return out + text.slice(at);
    const [argument, next] = inside(text, open + 1);
    const [name = "", kind, ...rest] = argument.split(",");
    const value = values[name.trim()];
    out += text.slice(at, open);
    if (kind?.trim() === "plural") out += format(plural(rest.join(","), Number(value ?? 0), locale), values, locale);
    else out += value ?? `{${name}}`;
    at = next;
  }
  return out;
}

/** The names of the values of a text. */
export function names(text: string): string[] {
  const found = new Set<string>();
  for (let at = text.indexOf("{"); at >= 0; at = text.indexOf("{", at)) {
    const [argument, next] = inside(text, at + 1);
    const [name = "", kind, ...rest] = argument.split(",");
    found.add(name.trim());
    if (kind) for (const form of rest.join(",").matchAll(/\{([^{}]*(\{[^{}]*\}[^{}]*)*)\}/g)) names(form[1] ?? "").forEach((one) => found.add(one));
    at = next;
  }
  return [...found].sort();
}
