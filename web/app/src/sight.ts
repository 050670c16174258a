// What is in sight of the user.

/** Calls `enter` when an element comes into sight, and what that gives when it leaves or goes. */
export function inSight(enter: () => () => void): (element: Element) => () => void {
  return (element) => {
    let leave: (() => void) | undefined;
    const observer = new IntersectionObserver((entries) => {
      const isSeen = entries.at(-1)?.isIntersecting ?? false;
      if (isSeen) leave ??= enter();
      else {
        leave?.();
        leave = undefined;
      }
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      leave?.();
    };
  };
}
