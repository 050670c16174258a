// Emoji that are offered: six at once, and more.

const ALL = "😀😄😂🤣😊😍😘😎🤔😅😇🙃😉😴😭😡🥳🤩🙏👍👎👏🙌💪🔥✨🎉❤️🧡💛💚💙💜💯✅❌⭐⚡🏋️🏃🚴🏊🧘🥇🏆⏱️🍎🍌🥗🍗☕💧👋🤝👀🚀";

export const EMOJIS = [...ALL.matchAll(/\p{Extended_Pictographic}\ufe0f?/gu)].map(([emoji]) => emoji);
export const QUICK = ["👍", "❤️", "😂", "😮", "😢", "🔥"];
