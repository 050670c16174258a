//! Lines and columns of nodes.
//!
//! Invariant: nodes are asked for in the order of the text, so all places of a document cost one pass.

use apollo_compiler::parser::SourceSpan;
use async_graphql::Pos;

/// A cursor over a text.
pub struct Places<'a> {
    text: &'a str,
    offset: usize,
    place: Pos,
}

const START: Pos = Pos { line: 1, column: 1 };

impl<'a> Places<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, offset: 0, place: START }
    }

    /// Where a node begins; columns count characters, from 1.
    pub fn of(&mut self, span: Option<SourceSpan>) -> Pos {
        let Some(span) = span else { return Pos::default() };
        let offset = span.offset();
        if offset < self.offset {
            (self.offset, self.place) = (0, START);
        }
        let mut passed = self.text.get(self.offset..offset).unwrap_or_default().chars().peekable();
        while let Some(character) = passed.next() {
            let ends_line = character == '\n' || (character == '\r' && passed.peek() != Some(&'\n'));
            if ends_line {
                self.place = Pos { line: self.place.line + 1, column: 1 };
            } else {
                self.place.column += 1;
            }
        }
        self.offset = offset;
        self.place
    }
}
