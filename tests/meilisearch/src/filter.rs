//! The language of filters: AND, OR, NOT, parentheses, IN, and comparisons.

use serde_json::{Map, Value};

pub enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    OneOf(String, Vec<String>),
    Compare(String, Comparison, f64),
}

pub enum Comparison {
    Least,
    Most,
    Above,
    Below,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(&'static str),
}

impl Filter {
    pub fn passes(&self, document: &Map<String, Value>) -> bool {
        match self {
            Self::And(all) => all.iter().all(|part| part.passes(document)),
            Self::Or(any) => any.iter().any(|part| part.passes(document)),
            Self::Not(not) => !not.passes(document),
            Self::OneOf(name, values) => document.get(name).is_some_and(|value| {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned).to_lowercase();
                values.contains(&value)
            }),
            Self::Compare(name, comparison, bound) => {
                document.get(name).and_then(Value::as_f64).is_some_and(|number| match comparison {
                    Comparison::Least => number >= *bound,
                    Comparison::Most => number <= *bound,
                    Comparison::Above => number > *bound,
                    Comparison::Below => number < *bound,
                })
            }
        }
    }
}

/// A filter over attributes that are filterable; the message of an error otherwise.
pub fn parse(text: &str, filterable: &[String]) -> Result<Filter, String> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, filterable };
    let filter = parser.any()?;
    if parser.at == tokens.len() { Ok(filter) } else { Err(format!("unexpected {:?}", tokens[parser.at])) }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let (mut tokens, mut rest) = (Vec::new(), text.trim_start());
    'next: while let Some(first) = rest.chars().next() {
        for sign in [">=", "<=", "=", ">", "<", "(", ")", "[", "]", ","] {
            if let Some(behind) = rest.strip_prefix(sign) {
                tokens.push(Token::Sign(sign));
                rest = behind.trim_start();
                continue 'next;
            }
        }
        if first == '"' || first == '\'' {
            let (mut value, mut escaped, mut end) = (String::new(), false, None);
            for (at, c) in rest.char_indices().skip(1) {
                if !escaped && c == first {
                    end = Some(at + c.len_utf8());
                    break;
                }
                if !escaped && c == '\\' {
                    escaped = true;
                    continue;
                }
                escaped = false;
                value.push(c);
            }
            tokens.push(Token::Text(value));
            rest = rest[end.ok_or("a string does not end")?..].trim_start();
            continue;
        }
        let is_word = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if end == 0 {
            return Err(format!("unexpected {first}"));
        }
        tokens.push(Token::Word(rest[..end].to_owned()));
        rest = rest[end..].trim_start();
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    filterable: &'a [String],
}

impl Parser<'_> {
    fn takes(&mut self, wanted: &Token) -> bool {
        let is_there = self.tokens.get(self.at) == Some(wanted);
        self.at += usize::from(is_there);
        is_there
    }

    fn word(&mut self, word: &str) -> bool {
        self.takes(&Token::Word(word.to_owned()))
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), String> {
        if self.takes(&Token::Sign(sign)) { Ok(()) } else { Err(format!("{sign} is missing")) }
    }

    fn any(&mut self) -> Result<Filter, String> {
        let mut any = vec![self.all()?];
        while self.word("OR") {
            any.push(self.all()?);
        }
        Ok(Filter::Or(any))
    }

    fn all(&mut self) -> Result<Filter, String> {
        let mut all = vec![self.one()?];
        while self.word("AND") {
            all.push(self.one()?);
        }
        Ok(Filter::And(all))
    }

    fn one(&mut self) -> Result<Filter, String> {
        if self.word("NOT") {
            return Ok(Filter::Not(Box::new(self.one()?)));
        }
        if self.takes(&Token::Sign("(")) {
            let inner = self.any()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let name = match self.tokens.get(self.at) {
            Some(Token::Word(name)) => name.clone(),
            other => return Err(format!("an attribute is missing at {other:?}")),
        };
        if !self.filterable.contains(&name) {
            return Err(format!("Attribute `{name}` is not filterable."));
        }
        self.at += 1;
        if self.word("IN") {
            return Ok(Filter::OneOf(name, self.values()?));
        }
        for (sign, comparison) in [
            (">=", Comparison::Least),
            ("<=", Comparison::Most),
            (">", Comparison::Above),
            ("<", Comparison::Below),
        ] {
            if self.takes(&Token::Sign(sign)) {
                let number = self.value()?.parse().map_err(|_| "a number is missing".to_owned())?;
                return Ok(Filter::Compare(name, comparison, number));
            }
        }
        self.expect("=")?;
        Ok(Filter::OneOf(name, vec![self.value()?]))
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        self.expect("[")?;
        let mut values = Vec::new();
        while !self.takes(&Token::Sign("]")) {
            values.push(self.value()?);
            if !self.takes(&Token::Sign(",")) {
                self.expect("]")?;
                break;
            }
        }
        Ok(values)
    }

    /// Texts are compared without regard to case.
    fn value(&mut self) -> Result<String, String> {
        let value = match self.tokens.get(self.at) {
            Some(Token::Word(text) | Token::Text(text)) => text.to_lowercase(),
            other => return Err(format!("a value is missing at {other:?}")),
        };
        self.at += 1;
        Ok(value)
    }
}
