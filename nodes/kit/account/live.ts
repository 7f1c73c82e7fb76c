import type { Live } from '../define';
import type { LiveSide } from './led-realtime';

/** @param releases receives the functions that release the resources */
export function openLive(open: LiveSide, releases: Set<() => void>): Live {
  return {
    onEvent: (listener) => releases.add(open.listen(listener, false)),
    subscribe: (conversationId) => releases.add(open.subscribe(conversationId)),
    settled: () => open.settled(),
    typing: (conversationId, isTyping) => open.typing(conversationId, isTyping),
    onState: (listener) => releases.add(open.onState(listener)),
    get state() {
      return open.state;
    },
    get polls() {
      return open.polls;
    },
  };
}
