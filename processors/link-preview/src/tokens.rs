//! Markup as a stream of tokens.
//!
//! Invariant: reading takes time and memory that go with the bytes of the markup; no tree is built, and nothing of it is
//! run.

use std::cell::RefCell;

use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer};

/// What is taken from markup.
pub trait Reader {
    /// A tag opens an element or closes one.
    fn tag(&mut self, tag: &Tag);
    fn text(&mut self, text: &str);
}

/// Shows a reader all of some markup.
pub fn read<R: Reader>(markup: &str, reader: R) -> R {
    let input = BufferQueue::default();
    input.push_back(markup.into());
    let tokenizer = Tokenizer::new(Sink(RefCell::new(reader)), Default::default());
    // A sink that never asks for a pause is fed to the end.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}

/// How the content of an element is read; `None`: as markup.
pub fn raw(tag: &Tag) -> Option<RawKind> {
    match &*tag.name {
        "title" | "textarea" => Some(RawKind::Rcdata),
        "style" | "xmp" | "iframe" | "noembed" | "noframes" => Some(RawKind::Rawtext),
        "script" => Some(RawKind::ScriptData),
        _ => None,
    }
}

struct Sink<R>(RefCell<R>);

impl<R: Reader> TokenSink for Sink<R> {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let mut reader = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => {
                reader.tag(&tag);
                if let Some(raw) = raw(&tag).filter(|_| tag.kind == TagKind::StartTag) {
                    return TokenSinkResult::RawData(raw);
                }
            }
            Token::CharacterTokens(text) => reader.text(&text),
            Token::CommentToken(_)
            | Token::DoctypeToken(_)
            | Token::NullCharacterToken
            | Token::EOFToken
            | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}
