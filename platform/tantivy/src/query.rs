//! Queries of tantivy out of texts and filters.

use platform::ports::search::{Filter, Term};
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, FuzzyTermQuery, Occur, PhraseQuery,
    Query, RangeQuery, TermQuery, TermSetQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Result, TantivyError};

use crate::store::Fields;
use crate::tokens::{Piece, are_pair, pieces};

/// Letters from which a word may have one typo, and two.
const ONE_TYPO: usize = 5;
const TWO_TYPOS: usize = 9;
/// What a match that is not exact counts beside one that is.
const PREFIX_SCORE: f32 = 0.8;
const TYPO_SCORE: f32 = 0.4;
/// What a match in a later field counts beside one in the field before.
const NEXT_FIELD: f32 = 0.7;

/// What has to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    Word {
        text: String,
        typos: u8,
        is_prefix: bool,
    },
    /// Characters of a script without spaces that stand beside each other.
    Run(Vec<String>),
    Phrase(Vec<String>),
}

/// The units of a query's terms. The last word may be a prefix.
pub fn units(terms: &[Term]) -> Vec<Unit> {
    let mut units = Vec::new();
    for (number, term) in terms.iter().enumerate() {
        match term {
            Term::Phrase(text) => {
                units.push(Unit::Phrase(pieces(text).into_iter().map(|piece| piece.text).collect()))
            }
            Term::Word(text) => {
                let pieces = pieces(text);
                let runs = pieces.chunk_by(are_pair);
                let runs: Vec<&[Piece]> = runs.collect();
                for (at, run) in runs.iter().enumerate() {
                    let is_last = number + 1 == terms.len() && at + 1 == runs.len();
                    units.extend(unit(run, is_last));
                }
            }
        }
    }
    units
}

fn unit(run: &[Piece], is_last: bool) -> Option<Unit> {
    let first = run.first()?;
    if first.is_ideograph {
        return Some(Unit::Run(run.iter().map(|piece| piece.text.clone()).collect()));
    }
    let typos = match first.text.chars().count() {
        0..ONE_TYPO => 0,
        ONE_TYPO..TWO_TYPOS => 1,
        TWO_TYPOS.. => 2,
    };
    Some(Unit::Word { text: first.text.clone(), typos, is_prefix: is_last })
}

/// Documents in which every unit matches and that pass the filter.
pub fn build(fields: &Fields, units: &[Unit], filter: &Filter) -> Result<Box<dyn Query>> {
    if units.is_empty() {
        return Ok(Box::new(EmptyQuery));
    }
    let filter: Box<dyn Query> = Box::new(ConstScoreQuery::new(self::filter(fields, filter)?, 0.0));
    let mut parts = vec![(Occur::Must, filter)];
    for unit in units {
        let mut weight = 1.0;
        let mut by_field: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for field in &fields.texts {
            by_field.push((Occur::Should, boosted(in_field(*field, unit), weight)));
            weight *= NEXT_FIELD;
        }
        parts.push((Occur::Must, Box::new(BooleanQuery::new(by_field))));
    }
    Ok(Box::new(BooleanQuery::new(parts)))
}

fn in_field(field: Field, unit: &Unit) -> Box<dyn Query> {
    match unit {
        Unit::Word { text, typos, is_prefix } => {
            let mut ways: Vec<(Occur, Box<dyn Query>)> = vec![(Occur::Should, exact(field, text))];
            let mut way = |query: FuzzyTermQuery, score: f32| {
                ways.push((Occur::Should, Box::new(ConstScoreQuery::new(Box::new(query), score))));
            };
            if *is_prefix {
                way(FuzzyTermQuery::new_prefix(term(field, text), 0, true), PREFIX_SCORE);
            }
            if *typos > 0 {
                way(FuzzyTermQuery::new(term(field, text), *typos, true), TYPO_SCORE);
            }
            Box::new(BooleanQuery::new(ways))
        }
        Unit::Run(run) => match run.as_slice() {
            [single] => exact(field, single),
            several => {
                let pairs = several.windows(2).map(|pair| (Occur::Should, exact(field, &pair.concat())));
                let pairs: Vec<(Occur, Box<dyn Query>)> = pairs.collect();
                // Of a long run a third may differ: an ending, a particle.
                let required = pairs.len() - pairs.len() / 3;
                Box::new(BooleanQuery::with_minimum_required_clauses(pairs, required))
            }
        },
        Unit::Phrase(phrase) => {
            let at = |(position, word): (usize, &String)| (position, term(field, word));
            match phrase.as_slice() {
                [] => Box::new(EmptyQuery),
                [single] => exact(field, single),
                several => {
                    Box::new(PhraseQuery::new_with_offset(several.iter().enumerate().map(at).collect()))
                }
            }
        }
    }
}

fn term(field: Field, text: &str) -> tantivy::Term {
    tantivy::Term::from_field_text(field, text)
}

fn exact(field: Field, text: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(term(field, text), IndexRecordOption::WithFreqs))
}

fn boosted(query: Box<dyn Query>, weight: f32) -> Box<dyn Query> {
    Box::new(BoostQuery::new(query, weight))
}

fn filter(fields: &Fields, filter: &Filter) -> Result<Box<dyn Query>> {
    Ok(match filter {
        Filter::All(all) if all.is_empty() => Box::new(AllQuery),
        Filter::Any(any) if any.is_empty() => Box::new(EmptyQuery),
        Filter::All(all) => {
            let parts = all.iter().map(|part| Ok((Occur::Must, self::filter(fields, part)?)));
            Box::new(BooleanQuery::new(parts.collect::<Result<_>>()?))
        }
        Filter::Any(any) => {
            let parts = any.iter().map(|part| Ok((Occur::Should, self::filter(fields, part)?)));
            Box::new(BooleanQuery::new(parts.collect::<Result<_>>()?))
        }
        Filter::Not(not) => {
            let all: Box<dyn Query> = Box::new(AllQuery);
            Box::new(BooleanQuery::new(vec![
                (Occur::Must, all),
                (Occur::MustNot, self::filter(fields, not)?),
            ]))
        }
        Filter::OneOf(name, values) => {
            let field = fields.word(name).ok_or_else(|| unknown(name))?;
            Box::new(TermSetQuery::new(values.iter().map(|value| term(field, value))))
        }
        Filter::Between(name, from, to) => {
            let field = fields.number(name).ok_or_else(|| unknown(name))?;
            let bound = |value: i64| std::ops::Bound::Included(tantivy::Term::from_field_i64(field, value));
            Box::new(RangeQuery::new(bound(*from), bound(*to)))
        }
    })
}

fn unknown(name: &str) -> TantivyError {
    TantivyError::FieldNotFound(name.to_owned())
}
