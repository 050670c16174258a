// Whether the machine has a network, as far as its environment says so.

export function isOffline(): boolean {
  // Node has a navigator that does not say.
  return typeof navigator !== "undefined" && navigator.onLine === false;
}

/** Calls one of two functions when the network comes or goes, until the function that it gives is called. */
export function watchNetwork(came: () => void, went: () => void): () => void {
  if (typeof addEventListener !== "function") return () => {};
  addEventListener("online", came);
  addEventListener("offline", went);
  return () => {
    removeEventListener("online", came);
    removeEventListener("offline", went);
  };
}
