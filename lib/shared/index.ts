export { readAddress as checkAddress } from './address';
export type { ClaimState, Claims } from './claims';
export type { StoreFacts, StoreSettings, StoreState } from './connection';
export type { LaneReader, LaneWorker } from './lane-worker';
export { type Lanes, laneOf } from './lanes';
export type { Leadership } from './lease';
export type { Member } from './members';
export { SharedPace } from './pace';
export { SharedStore, type SharedStoreSettings } from './shared-store';
