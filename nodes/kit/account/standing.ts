import type { SocketState } from '../../../lib/realtime/index';
import type { SharedStore } from '../../../lib/shared/index';

/** @returns the state of an instance that does not lead @param sharesAll it has a part of the events */
export function standingOf(store: SharedStore | undefined, since: number, sharesAll: boolean): SocketState {
  const { connection, lease } = store ?? {};
  if (!connection || connection.state === 'connecting') return { name: 'connecting', since };
  if (connection.state === 'down') return { name: 'store_down', since };
  const { name: leader = '' } = lease?.leadership ?? {};
  return { name: sharesAll ? 'sharing' : 'standby', since, leader };
}

/** @returns a line for the log */
export function describe(state: SocketState): string {
  if (state.name === 'standby' || state.name === 'sharing')
    return state.leader === '' ? `${state.name}: nobody leads yet` : `${state.name}: ${state.leader} leads`;
  return state.name === 'store_down'
    ? 'the store is away: nothing is received until it is back'
    : 'connecting to the store';
}
