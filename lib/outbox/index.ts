export { leaveTo, Outbox, type OutboxSettings } from './outbox';
export type { Courier, Parcel, Progress, Sender, SentPart } from './parcel';
