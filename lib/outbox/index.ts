export { HeldJobs } from './held';
export type { JobFollower, JobListener, JobProcessor, OutboxJob, Progress, SentPart } from './job';
export { leaveTo, Outbox, type OutboxSettings } from './outbox';
