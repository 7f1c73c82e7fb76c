export { constructEvent, decodeEvent } from './decode';
export { type Refusal, type Scheme, type Verdict, type VerifyInput, verify } from './verify';
