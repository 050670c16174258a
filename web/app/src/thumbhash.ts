// The picture that a thumbhash stands for: a few waves of brightness and of two colours, in at most 32 pixels.

export interface Picture {
  width: number;
  height: number;
  /** Four bytes a pixel: red, green, blue, opacity. */
  pixels: Uint8ClampedArray<ArrayBuffer>;
}

const SIDE = 32;

/** Waves of one channel: along x and y, the longer ones first, without the constant. */
interface Waves {
  across: number;
  down: number;
  amounts: number[];
}

/** Undefined for what is no thumbhash. */
export function decode(base64: string): Picture | undefined {
  const bytes = bytesOf(base64);
  if (!bytes || bytes.length < 5) return undefined;
  const byte = (at: number) => bytes[at] ?? 0;
  const first = byte(0) | (byte(1) << 8) | (byte(2) << 16);
  const second = byte(3) | (byte(4) << 8);
  const [hasAlpha, isWide] = [first >> 23 === 1, second >> 15 === 1];
  const longer = hasAlpha ? 5 : 7;
  const shorter = second & 7;
  const [across, down] = (isWide ? [longer, shorter] : [shorter, longer]) as [number, number];

  // Amounts are half bytes, in the order of the channels.
  let half = (hasAlpha ? 6 : 5) * 2;
  const waves = (across: number, down: number, scale: number): Waves => {
    const amounts: number[] = [];
    for (let y = 0; y < down; y++) {
      for (let x = y === 0 ? 1 : 0; x * down < across * (down - y); x++, half++) {
        const amount = (byte(half >> 1) >> (half % 2 === 0 ? 0 : 4)) & 15;
        amounts.push((amount / 7.5 - 1) * scale);
      }
    }
    return { across, down, amounts };
  };
  const light = waves(Math.max(3, across), Math.max(3, down), ((first >> 18) & 31) / 31);
  const yellow = waves(3, 3, (((second >> 3) & 63) / 63) * 1.25);
  const red = waves(3, 3, (((second >> 9) & 63) / 63) * 1.25);
  const opacity = hasAlpha ? waves(5, 5, (byte(5) >> 4) / 15) : undefined;
  const [lightMean, yellowMean, redMean] = [(first & 63) / 63, ((first >> 6) & 63) / 31.5 - 1, ((first >> 12) & 63) / 31.5 - 1];

  const ratio = across / down;
  const width = Math.max(1, Math.round(ratio > 1 ? SIDE : SIDE * ratio));
  const height = Math.max(1, Math.round(ratio > 1 ? SIDE / ratio : SIDE));
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [(x + 0.5) / width, (y + 0.5) / height];
      const [l, p, q] = [lightMean + sum(light, u, v), yellowMean + sum(yellow, u, v), redMean + sum(red, u, v)];
      const b = l - (2 / 3) * p;
      const r = (3 * l - b + q) / 2;
      const a = opacity ? (byte(5) & 15) / 15 + sum(opacity, u, v) : 1;
      pixels.set([r, r - q, b, a].map((value) => Math.max(0, Math.min(1, value)) * 255), (y * width + x) * 4);
    }
  }
  return { width, height, pixels };
}

/** The waves of a channel at a place, from 0 to 1 each way. */
function sum({ across, down, amounts }: Waves, u: number, v: number): number {
  let [total, at] = [0, 0];
  for (let y = 0; y < down; y++) {
    const vertical = Math.cos(Math.PI * y * v) * 2;
    for (let x = y === 0 ? 1 : 0; x * down < across * (down - y); x++, at++) {
      total += (amounts[at] ?? 0) * Math.cos(Math.PI * x * u) * vertical;
    }
  }
  return total;
}

function bytesOf(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}
