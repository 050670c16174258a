//! What a notification says, in the language of its reader.
//!
//! Invariants: every language has every text; a text of a user is shortened at a boundary of what is seen as one
//! character. Without previews a notification names the conversation and nothing of its messages.

use intl_pluralrules::{PluralCategory, PluralRuleType, PluralRules};
use schemas::attaching::{AttachedFile, FileRole};
use schemas::creating::{ConversationKind, Opened};
use schemas::message::{Body, Content, Message, Text};
use unic_langid::LanguageIdentifier;
use unicode_segmentation::UnicodeSegmentation;

/// Of a message's text, in characters as they are seen and in bytes.
const BODY: (usize, usize) = (240, 1_000);
/// What a GIF is called, in every language.
const GIF: &str = "GIF";
/// Of a name or a title.
const TITLE: (usize, usize) = (80, 240);

/// The languages of the web client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    En,
    De,
    Es,
    Fr,
    Pt,
    Ja,
    Ko,
    Zh,
}

/// Texts of one language. `#` stands for a number.
struct Words {
    new_message: &'static str,
    new_messages: Forms,
    photo: &'static str,
    photos: Forms,
    file: &'static str,
    files: Forms,
    voice: &'static str,
    poll: &'static str,
    sticker: &'static str,
    /// Between a name and what its user wrote.
    says: &'static str,
}

struct Forms {
    one: &'static str,
    other: &'static str,
}

impl Language {
    pub const ALL: [Self; 8] =
        [Self::En, Self::De, Self::Es, Self::Fr, Self::Pt, Self::Ja, Self::Ko, Self::Zh];

    /// The language of a locale (BCP 47); English for one that there are no texts in.
    pub fn of(locale: &str) -> Self {
        let primary = locale.split(['-', '_']).next().unwrap_or_default();
        let is_named = |language: &&Self| language.code().eq_ignore_ascii_case(primary);
        Self::ALL.iter().find(is_named).copied().unwrap_or(Self::En)
    }

    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Es => "es",
            Self::Fr => "fr",
            Self::Pt => "pt",
            Self::Ja => "ja",
            Self::Ko => "ko",
            Self::Zh => "zh",
        }
    }

    fn words(self) -> &'static Words {
        match self {
            Self::En => &Words {
                new_message: "New message",
                new_messages: Forms { one: "# new message", other: "# new messages" },
                photo: "Photo",
                photos: Forms { one: "# photo", other: "# photos" },
                file: "File",
                files: Forms { one: "# file", other: "# files" },
                voice: "Voice message",
                poll: "Poll",
                sticker: "Sticker",
                says: ": ",
            },
            Self::De => &Words {
                new_message: "Neue Nachricht",
                new_messages: Forms { one: "# neue Nachricht", other: "# neue Nachrichten" },
                photo: "Foto",
                photos: Forms { one: "# Foto", other: "# Fotos" },
                file: "Datei",
                files: Forms { one: "# Datei", other: "# Dateien" },
                voice: "Sprachnachricht",
                poll: "Umfrage",
                sticker: "Sticker",
                says: ": ",
            },
            Self::Es => &Words {
                new_message: "Mensaje nuevo",
                new_messages: Forms { one: "# mensaje nuevo", other: "# mensajes nuevos" },
                photo: "Foto",
                photos: Forms { one: "# foto", other: "# fotos" },
                file: "Archivo",
                files: Forms { one: "# archivo", other: "# archivos" },
                voice: "Mensaje de voz",
                poll: "Encuesta",
                sticker: "Sticker",
                says: ": ",
            },
            Self::Fr => &Words {
                new_message: "Nouveau message",
                new_messages: Forms { one: "# nouveau message", other: "# nouveaux messages" },
                photo: "Photo",
                photos: Forms { one: "# photo", other: "# photos" },
                file: "Fichier",
                files: Forms { one: "# fichier", other: "# fichiers" },
                voice: "Message vocal",
                poll: "Sondage",
                sticker: "Sticker",
                says: "\u{a0}: ",
            },
            Self::Pt => &Words {
                new_message: "Nova mensagem",
                new_messages: Forms { one: "# nova mensagem", other: "# novas mensagens" },
                photo: "Foto",
                photos: Forms { one: "# foto", other: "# fotos" },
                file: "Arquivo",
                files: Forms { one: "# arquivo", other: "# arquivos" },
                voice: "Mensagem de voz",
                poll: "Enquete",
                sticker: "Figurinha",
                says: ": ",
            },
            Self::Ja => &Words {
                new_message: "新しいメッセージ",
                new_messages: Forms {
                    one: "新しいメッセージ#件", other: "新しいメッセージ#件"
                },
                photo: "写真",
                photos: Forms { one: "写真#枚", other: "写真#枚" },
                file: "ファイル",
                files: Forms { one: "ファイル#件", other: "ファイル#件" },
                voice: "ボイスメッセージ",
                poll: "アンケート",
                sticker: "スタンプ",
                says: ": ",
            },
            Self::Ko => &Words {
                new_message: "새 메시지",
                new_messages: Forms { one: "새 메시지 #개", other: "새 메시지 #개" },
                photo: "사진",
                photos: Forms { one: "사진 #장", other: "사진 #장" },
                file: "파일",
                files: Forms { one: "파일 #개", other: "파일 #개" },
                voice: "음성 메시지",
                poll: "투표",
                sticker: "스티커",
                says: ": ",
            },
            Self::Zh => &Words {
                new_message: "新消息",
                new_messages: Forms { one: "#条新消息", other: "#条新消息" },
                photo: "照片",
                photos: Forms { one: "#张照片", other: "#张照片" },
                file: "文件",
                files: Forms { one: "#个文件", other: "#个文件" },
                voice: "语音消息",
                poll: "投票",
                sticker: "贴纸",
                says: "：",
            },
        }
    }

    fn counted(self, forms: &Forms, count: usize) -> String {
        let form = match self.category(count) {
            PluralCategory::ONE => forms.one,
            PluralCategory::ZERO
            | PluralCategory::TWO
            | PluralCategory::FEW
            | PluralCategory::MANY
            | PluralCategory::OTHER => forms.other,
        };
        form.replace('#', &count.to_string())
    }

    fn category(self, count: usize) -> PluralCategory {
        let language: Option<LanguageIdentifier> = self.code().parse().ok();
        let rules = language.and_then(|id| PluralRules::create(id, PluralRuleType::CARDINAL).ok());
        rules.and_then(|rules| rules.select(count).ok()).unwrap_or(PluralCategory::OTHER)
    }
}

/// What a reader sees of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub title: String,
    pub body: String,
}

/// What is shown, and how.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    pub about: &'a Opened,
    /// The newest message.
    pub message: &'a Message,
    /// Messages that the push stands for.
    pub count: usize,
    /// Whether the content of a message may be shown.
    pub with_content: bool,
    pub language: Language,
}

/// The text of a push: of one message its content, of several their number.
pub fn notification(shown: &Shown<'_>) -> Notification {
    let words = shown.language.words();
    let body = if shown.count > 1 {
        shown.language.counted(&words.new_messages, shown.count)
    } else if shown.with_content {
        content(shown).unwrap_or_else(|| words.new_message.to_owned())
    } else {
        words.new_message.to_owned()
    };
    Notification { title: title(shown), body }
}

/// The text of a push that does not fit with its content.
pub fn without_content(shown: &Shown<'_>) -> Notification {
    notification(&Shown { with_content: false, ..*shown })
}

fn title(shown: &Shown<'_>) -> String {
    let sender = &shown.message.sender.display_name;
    let title = match shown.about.kind {
        ConversationKind::Direct => sender,
        ConversationKind::Group => shown.about.title.as_ref().unwrap_or(sender),
    };
    shortened(title, TITLE)
}

/// What the message says; nothing of one that is sealed, removed or a system message.
fn content(shown: &Shown<'_>) -> Option<String> {
    let said = match &shown.message.body {
        Body::Text(text) => said(text, shown.language)?,
        Body::Poll(poll) => asked(&poll.question, shown.language)?,
        Body::Note(_) | Body::Removed(_) => return None,
    };
    Some(match shown.about.kind {
        ConversationKind::Direct => said,
        ConversationKind::Group => {
            let name = shortened(&shown.message.sender.display_name, TITLE);
            format!("{name}{}{said}", shown.language.words().says)
        }
    })
}

fn said(text: &Text, language: Language) -> Option<String> {
    let Text { content, edited: _, attachments, forwarded: _, sticker, gif } = text;
    let Words { sticker: word, says, .. } = language.words();
    match (&content.key_id, sticker) {
        (Some(_), _) => None,
        (None, Some(sticker)) => Some(format!("{word}{says}{}", shortened(&sticker.name, BODY))),
        (None, None) if content.text.is_empty() && gif.is_some() => Some(GIF.to_owned()),
        (None, None) if content.text.is_empty() => Some(carried(attachments, language)),
        (None, None) => Some(shortened(&content.text, BODY)),
    }
}

fn asked(question: &Content, language: Language) -> Option<String> {
    let Words { poll, says, .. } = language.words();
    let is_open = question.key_id.is_none();
    is_open.then(|| format!("{poll}{says}{}", shortened(&question.text, BODY)))
}

/// The files of a message without a text.
fn carried(files: &[AttachedFile], language: Language) -> String {
    let words = language.words();
    match Carried::of(files) {
        Carried::Voice(recording) => format!("{} {}", words.voice, length(recording)),
        Carried::Photos(0 | 1) => words.photo.to_owned(),
        Carried::Photos(count) => language.counted(&words.photos, count),
        Carried::Files(0 | 1) => words.file.to_owned(),
        Carried::Files(count) => language.counted(&words.files, count),
    }
}

/// What the files of a message are together.
enum Carried<'a> {
    Voice(&'a AttachedFile),
    Photos(usize),
    Files(usize),
}

impl<'a> Carried<'a> {
    fn of(files: &'a [AttachedFile]) -> Self {
        for file in files {
            match file.role {
                FileRole::Voice => return Self::Voice(file),
                FileRole::File => {}
            }
        }
        if files.iter().all(|file| file.file.content_type.starts_with("image/")) {
            Self::Photos(files.len())
        } else {
            Self::Files(files.len())
        }
    }
}

/// The length of a recording in whole seconds, as a clock shows it; a shorter one lasts a second.
fn length(recording: &AttachedFile) -> String {
    let milliseconds = recording.file.sound.as_ref().map_or(0, |sound| sound.duration_ms);
    let seconds = ((milliseconds + 500) / 1_000).max(1);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

fn shortened(text: &str, (characters, bytes): (usize, usize)) -> String {
    let mut kept = 0;
    for (at, character) in text.grapheme_indices(true).take(characters) {
        let end = at + character.len();
        if end > bytes {
            break;
        }
        kept = end;
    }
    if kept == text.len() { text.to_owned() } else { format!("{}…", &text[..kept]) }
}
