import type { SocketState } from '../../../lib/realtime/index';
import type { Status, StatusName } from '../status';

interface Shown {
  /** shown instead of a good connection */
  caution: StatusName | undefined;
  /** webhooks bring nothing for this node */
  needsSocket: boolean | undefined;
}

/** Show the state of the connection. */
export function showConnection(
  status: Status,
  state: SocketState,
  { caution = 'connected', needsSocket = false }: Shown,
): void {
  if (state.name === 'open') {
    if (state.alone) return status.show('alone', { at: state.since });
    const good = state.leads && caution === 'connected' ? 'leading' : caution;
    status.show(state.caution ?? good, { at: state.since });
  } else if (state.name === 'standby') status.show('standby', { leader: state.leader });
  else if (state.name === 'sharing') status.show('sharing', { leader: state.leader });
  else if (state.name === 'store_down') status.show('store_down');
  else if (state.name === 'connecting') status.show('connecting');
  else if (state.name === 'waiting') status.show('reconnecting', { attempt: state.attempt, until: state.until });
  else if (state.name === 'refused') status.show(state.code, { reason: state.reason });
  else if (state.name === 'webhooks_only') status.show(needsSocket ? 'no_realtime' : 'webhooks_only');
  else if (state.name === 'paused' || state.name === 'no_realtime') status.show(state.name);
  else status.clear();
}
