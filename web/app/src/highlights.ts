// What a search has found within a text, which stands between two marks.

export interface Piece {
  text: string;
  isHit: boolean;
}

const [BEGIN, END] = ["\u0002", "\u0003"];

/** A text without its marks, in pieces. */
export function pieces(highlighted: string): Piece[] {
  const [before = "", ...marked] = highlighted.split(BEGIN);
  const all = [{ text: before, isHit: false }];
  for (const part of marked) {
    const [hit = "", ...after] = part.split(END);
    all.push({ text: hit, isHit: true }, { text: after.join(""), isHit: false });
  }
  return all.filter((piece) => piece.text !== "");
}
