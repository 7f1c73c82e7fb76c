/** The client of NATS: a file of its own in the build, read by accounts that use it and by no others. */
export {
  AckPolicy,
  type ConsumerInfo,
  DeliverPolicy,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
export {
  connect,
  jwtAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
  nanos,
  nkeyAuthenticator,
} from '@nats-io/transport-node';
