/** @returns a function that calls `action` the first time and does nothing afterwards */
export function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
