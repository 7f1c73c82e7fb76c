// JSON schemas of the answers of the documented API, written from the contract: the form that the TypeScript,
// Python and Go families read, and the places where the Rust and Java families differ.
export * from './conversations';
export * from './flows';
export * from './helpers';
export { misfits, page, type Schema } from './kit';
export * from './people';
