import { createHash } from 'node:crypto';

/**
 * Share lanes out by rendezvous hash with a bound: every instance gets its share of them at most, so that two have half
 * each, and few lanes move when one joins or leaves.
 *
 * @param instances ids of those that can work; all instances come to the same result
 * @returns the owner of each lane; undefined without instances
 */
export function assignLanes(instances: readonly string[], lanes: number): (string | undefined)[] {
  const room = new Map(instances.map((id) => [id, Math.ceil(lanes / instances.length)]));
  return Array.from({ length: lanes }, (_, lane) => {
    const ranked = instances
      .filter((id) => (room.get(id) ?? 0) > 0)
      .map((id) => ({ id, score: scoreOf(id, lane) }))
      .sort((one, other) => (one.score < other.score ? 1 : -1));
    const chosen = ranked[0]?.id;
    if (chosen !== undefined) room.set(chosen, (room.get(chosen) ?? 0) - 1);
    return chosen;
  });
}

/** @returns the lane of a conversation */
export function laneOf(conversationId: string, lanes: number): number {
  return createHash('sha256').update(conversationId).digest().readUInt32BE(0) % lanes;
}

function scoreOf(id: string, lane: number): string {
  return createHash('sha256').update(`${lane} ${id}`).digest('hex');
}
