//! Who is in the demo, what they say, and how others answer without a text.

/// User names and names.
pub const PEOPLE: [(&str, &str); 4] =
    [("maya", "Maya Chen"), ("leo", "Leo Martins"), ("sofia", "Sofia Rossi"), ("noah", "Noah Weber")];
pub const GROUP: &str = "Morning runners";
/// So many messages at the end are new to the first of the people.
pub const UNREAD: usize = 3;

const MAYA: usize = 0;
const LEO: usize = 1;
const SOFIA: usize = 2;
const NOAH: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chat {
    Pair,
    Group,
}

/// A message: whose, what, and to which of the conversation's before it.
#[derive(Debug)]
pub struct Line {
    pub chat: Chat,
    pub author: usize,
    pub text: &'static str,
    pub reply_to: Option<usize>,
}

const fn pair(author: usize, text: &'static str) -> Line {
    Line { chat: Chat::Pair, author, text, reply_to: None }
}

const fn group(author: usize, text: &'static str) -> Line {
    Line { chat: Chat::Group, author, text, reply_to: None }
}

/// An answer without a text, to a message of the group by its place.
#[derive(Debug)]
pub enum Touch {
    React { author: usize, to: usize, emoji: &'static str },
    Pin { author: usize, message: usize },
}

pub const TOUCHES: [Touch; 6] = [
    Touch::React { author: MAYA, to: 0, emoji: "👍" },
    Touch::React { author: NOAH, to: 8, emoji: "❤️" },
    Touch::React { author: LEO, to: 8, emoji: "❤️" },
    Touch::React { author: SOFIA, to: 3, emoji: "😂" },
    Touch::React { author: MAYA, to: 10, emoji: "💪" },
    Touch::Pin { author: MAYA, message: 5 },
];

/// What the group is asked, after its other messages.
pub struct Asked {
    pub author: usize,
    pub question: &'static str,
    pub options: &'static [&'static str],
    /// Who votes, and for which option.
    pub votes: &'static [(usize, usize)],
}

pub const POLL: Asked = Asked {
    author: SOFIA,
    question: "Breakfast after the run?",
    options: &["Pancakes", "Porridge", "Just the coffee"],
    votes: &[(LEO, 0), (NOAH, 2), (SOFIA, 0)],
};

pub const LINES: [Line; 26] = [
    group(SOFIA, "Good morning! Who is in for the long run on Saturday?"),
    group(MAYA, "Me 🙋 I could use an easy 18 km."),
    group(NOAH, "I am in as well. Along the river, or up the hill?"),
    group(LEO, "River please. My calves still remember the hill."),
    group(LEO, "😅"),
    group(SOFIA, "River it is. 7:30 at the old bridge?"),
    Line { chat: Chat::Group, author: NOAH, text: "7:30 works for me.", reply_to: Some(5) },
    group(MAYA, "Perfect. I will bring the good coffee afterwards."),
    group(SOFIA, "You are the reason I run, @maya"),
    group(NOAH, "The route, for who wants to look: https://routes.example/river-loop"),
    group(LEO, "18.2 km, nearly flat. Even my calves agree."),
    group(SOFIA, "Bring a headlamp, it will be dark for the first half hour."),
    group(NOAH, "Pace: 5:40 to 6:00, so that everybody can talk."),
    group(LEO, "See you all on Saturday 🏃"),
    pair(LEO, "Hey Maya, how did the deadlifts go?"),
    pair(MAYA, "Really well! 3 × 5 at 90 kg, and the last set did not even feel heavy."),
    pair(LEO, "That is a new best, is it not? 💪"),
    pair(MAYA, "It is! I wrote it down twice to be sure."),
    pair(LEO, "Well deserved. How is your back today?"),
    pair(MAYA, "Fine. A bit of soreness in the legs, nothing more."),
    pair(LEO, "Then take tomorrow easy: mobility, and twenty minutes on the bike."),
    Line {
        chat: Chat::Pair,
        author: MAYA,
        text: "Deal. Shall we look at my squat on Thursday?",
        reply_to: Some(6),
    },
    pair(MAYA, "I think I lean forward too much when it gets heavy."),
    pair(LEO, "Yes, let us film two sets from the side."),
    pair(LEO, "Thursday at 18:00? The rack by the window is usually free then."),
    pair(LEO, "And bring the flat shoes 🙂"),
];
