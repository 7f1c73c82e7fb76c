/** What the transport takes from axios: a separate file in the build, loaded with the first request. */
export { AxiosHeaders, CanceledError, default as axios } from 'axios';
