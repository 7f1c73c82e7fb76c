export { constructEvent, decodeEvent } from './decode';
export { digestOf, type Refusal, type Scheme, type Verdict, type VerifyInput, verify } from './verify';
