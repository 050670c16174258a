//! One side of an index: its folder, its writer, its reader.

use std::fs;
use std::path::Path;
use std::sync::Mutex;

use platform::lock::locked;
use platform::ports::search::{Hit, Hits, Known, Listed, Query, newest, terms};
use schemas::position::Version;
use schemas::search::{Change, ID, Index};
use tantivy::collector::{Count, TopDocs};
use tantivy::directory::MmapDirectory;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
    Value as _,
};
use tantivy::{
    DocId, DocSet, IndexReader, IndexWriter, ReloadPolicy, Result, Score, Searcher, SegmentReader,
    TERMINATED, TantivyDocument, TantivyError, Term,
};

use crate::highlight::highlight;
use crate::query::{build, units};
use crate::tokens::Words;

const TOKENIZER: &str = "words";
/// Memory of a writer before it makes a segment: the least that tantivy allows.
const WRITER_BYTES: usize = 15_000_000;
const VERSION: &str = "version";
/// 1 of a document that is there, 0 of one that is gone.
const PRESENT: &str = "present";
/// The score at which a hit is half as good as a hit can be.
const HALF_SCORE: f64 = 4.0;

/// The fields of an index, by name.
pub struct Fields {
    id: Field,
    version: Field,
    present: Field,
    pub texts: Vec<Field>,
    words: Vec<(&'static str, Field)>,
    numbers: Vec<(&'static str, Field)>,
}

impl Fields {
    fn of(index: &'static Index) -> (Schema, Self) {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(TOKENIZER)
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        let text = TextOptions::default().set_indexing_options(indexing).set_stored();
        let fields = Self {
            id: schema.add_text_field(ID, STRING | STORED),
            version: schema.add_i64_field(VERSION, FAST),
            present: schema.add_i64_field(PRESENT, FAST),
            texts: index.texts.iter().map(|name| schema.add_text_field(name, text.clone())).collect(),
            words: index.words.iter().map(|name| (*name, schema.add_text_field(name, STRING))).collect(),
            numbers: index
                .numbers
                .iter()
                .map(|name| (*name, schema.add_i64_field(name, INDEXED | FAST)))
                .collect(),
        };
        (schema.build(), fields)
    }

    pub fn word(&self, name: &str) -> Option<Field> {
        if name == ID { Some(self.id) } else { find(&self.words, name) }
    }

    pub fn number(&self, name: &str) -> Option<Field> {
        find(&self.numbers, name)
    }
}

fn find(fields: &[(&'static str, Field)], name: &str) -> Option<Field> {
    fields.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
}

pub struct Store {
    index: &'static Index,
    fields: Fields,
    reader: IndexReader,
    writer: Mutex<IndexWriter>,
}

impl Store {
    pub fn open(index: &'static Index, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let (schema, fields) = Fields::of(index);
        let store = tantivy::Index::open_or_create(MmapDirectory::open(folder)?, schema)?;
        store.tokenizers().register(TOKENIZER, Words);
        let reader = store.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let writer = Mutex::new(store.writer_with_num_threads(1, WRITER_BYTES)?);
        Ok(Self { index, fields, reader, writer })
    }

    /// Takes in what is not older than what is there.
    pub fn write(&self, changes: &[Change]) -> Result<()> {
        let mut writer = locked(&self.writer);
        let searcher = self.reader.searcher();
        let mut is_changed = false;
        for change in newest(changes).into_values() {
            if self.find(&searcher, &change.id)?.is_some_and(|(version, _)| version > change.version) {
                continue;
            }
            writer.delete_term(Term::from_field_text(self.fields.id, &change.id));
            writer.add_document(self.document(change))?;
            is_changed = true;
        }
        if !is_changed {
            return Ok(());
        }
        if let Err(error) = writer.commit() {
            writer.rollback()?;
            return Err(error);
        }
        self.reader.reload()
    }

    fn document(&self, change: &Change) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        document.add_text(self.fields.id, &change.id);
        document.add_i64(self.fields.version, change.version.0);
        document.add_i64(self.fields.present, i64::from(change.document.is_some()));
        if let Some(found) = &change.document {
            for (field, text) in self.fields.texts.iter().zip(&found.texts) {
                document.add_text(*field, text);
            }
            for ((_, field), word) in self.fields.words.iter().zip(&found.words) {
                document.add_text(*field, word);
            }
            for ((_, field), number) in self.fields.numbers.iter().zip(&found.numbers) {
                document.add_i64(*field, *number);
            }
        }
        document
    }

    /// Version of a document, and whether it is there.
    fn find(&self, searcher: &Searcher, id: &str) -> Result<Option<(Version, bool)>> {
        let term = Term::from_field_text(self.fields.id, id);
        for segment in searcher.segment_readers() {
            if let Some(found) = find_in(segment, &term)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// What there is of documents, in the order of their ids.
    pub fn versions(&self, ids: &[String]) -> Result<Vec<Option<Known>>> {
        let searcher = self.reader.searcher();
        let known = |(version, is_present)| Known { version, is_present };
        ids.iter().map(|id| Ok(self.find(&searcher, id)?.map(known))).collect()
    }

    pub fn search(&self, query: &Query) -> Result<Hits> {
        let units = units(&terms(&query.text));
        let built = build(&self.fields, &units, &query.filter)?;
        let order = self.index.order;
        let best = TopDocs::with_limit(query.limit.max(1)).and_offset(query.offset).tweak_score(
            move |segment: &SegmentReader| {
                let column = order.and_then(|name| segment.fast_fields().i64(name).ok());
                let column = column.map(|column| column.first_or_default_col(0));
                move |doc: DocId, score: Score| {
                    (score, column.as_ref().map_or(0, |column| column.get_val(doc)))
                }
            },
        );
        let searcher = self.reader.searcher();
        let (best, total) = searcher.search(&*built, &(best, Count))?;
        let mut hits = Vec::with_capacity(best.len());
        for ((score, _), address) in best {
            let document: TantivyDocument = searcher.doc(address)?;
            let text = |field: Field| document.get_first(field).and_then(|value| value.as_str());
            let (version, _) = state(searcher.segment_reader(address.segment_ord), address.doc_id)?;
            let texts = self.fields.texts.iter().map(|field| text(*field).unwrap_or_default());
            hits.push(Hit {
                id: text(self.fields.id).unwrap_or_default().to_owned(),
                version,
                score: f64::from(score) / (f64::from(score) + HALF_SCORE),
                highlighted: texts.map(|text| highlight(text, &units)).collect(),
            });
        }
        Ok(Hits { hits, total })
    }

    /// Documents that are there, in the order of their ids, behind one.
    pub fn list(&self, after: Option<&str>, limit: usize) -> Result<Listed> {
        let searcher = self.reader.searcher();
        let mut found = Vec::new();
        for segment in searcher.segment_readers() {
            let ids = segment.inverted_index(self.fields.id)?;
            let range = ids.terms().range();
            let range = match after {
                Some(after) => range.gt(after.as_bytes()),
                None => range,
            };
            let mut stream = range.into_stream()?;
            let mut of_segment = 0;
            while of_segment < limit && stream.advance() {
                let id = std::str::from_utf8(stream.key())
                    .map_err(|error| TantivyError::InternalError(error.to_string()))?
                    .to_owned();
                let term = Term::from_field_text(self.fields.id, &id);
                if let Some((version, true)) = find_in(segment, &term)? {
                    found.push((id, version));
                    of_segment += 1;
                }
            }
        }
        found.sort();
        found.truncate(limit);
        let next = found.last().filter(|_| found.len() == limit).map(|(id, _)| id.clone());
        Ok(Listed { documents: found, next })
    }
}

/// The state of the one document in a segment that is not deleted and holds the id of `term`.
fn find_in(segment: &SegmentReader, term: &Term) -> Result<Option<(Version, bool)>> {
    let postings = segment.inverted_index(term.field())?;
    let Some(mut docs) = postings.read_postings(term, IndexRecordOption::Basic)? else { return Ok(None) };
    while docs.doc() != TERMINATED {
        if !segment.is_deleted(docs.doc()) {
            return state(segment, docs.doc()).map(Some);
        }
        docs.advance();
    }
    Ok(None)
}

/// Version of a document, and whether it is there.
fn state(segment: &SegmentReader, doc: DocId) -> Result<(Version, bool)> {
    let number = |name: &str| -> Result<i64> {
        let column = segment.fast_fields().i64(name)?;
        Ok(column.first(doc).unwrap_or_default())
    };
    Ok((Version(number(VERSION)?), number(PRESENT)? == 1))
}
