// Owns the fixed certificates of the chain walk's trial: a leaf signed by I1, I1 by I2, I2 by a root that is not sent, and a stranger.
// Nothing trusts them, and the key guards nothing: they never leave the process. Valid to the end of 2099.

/** DER in Base64. */
const LEAF =
  'MIIBizCCATGgAwIBAgIUPa9/ROn66v/t3rDkIgWOlUaJbPkwCgYIKoZIzj0EAwIwEzERMA8GA1UEAwwIVHJpYWwgSTEwIBcNMjYx' +
  'MTIxMDk0OTIzWhgPMjA5OTEyMzAwOTQ5MjNaMBgxFjAUBgNVBAMMDXRyaWFsLmludmFsaWQwWTATBgcqhkjOPQIBBggqhkjOPQMB' +
  'BwNCAATSl3hj/Y1H3qvLPWn/sQzJEMW7INqX1Q8tUElSuBoI+K/3aeAzTUXIRgPXztbG/p6580dktuWF21SsWn4n3bKzo1wwWjAY' +
  'BgNVHREEETAPgg10cmlhbC5pbnZhbGlkMB0GA1UdDgQWBBRNqt9srqlWY5Spq8vmSokSkuOrkDAfBgNVHSMEGDAWgBQDS9lxwHN6' +
  'mv8D5FTB+Rh/ihfEvzAKBggqhkjOPQQDAgNIADBFAiEAz0VgqR++GyfyZO8FhbL38g6Buv7wVwvlZZ78IcSVjf4CIDl4GxShr86a' +
  'YEPNda/+mUtSa7irTWBRTR3RNs9kOB3b';
const I1 =
  'MIIBjjCCATOgAwIBAgIUZACuYlwuvb4RolqLHyO3MGT0+AQwCgYIKoZIzj0EAwIwEzERMA8GA1UEAwwIVHJpYWwgSTIwIBcNMjYx' +
  'MTIxMDk0OTIzWhgPMjA5OTEyMzAwOTQ5MjNaMBMxETAPBgNVBAMMCFRyaWFsIEkxMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE' +
  'rqrzoCKbmrE5AOQs+dglLHGx26xv3LiJDoj/Ify/0XZXtbUo3tLICyn2btjEGdEJoy1a67hTTXrzYT9253gkd6NjMGEwDwYDVR0T' +
  'AQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAgQwHQYDVR0OBBYEFANL2XHAc3qa/wPkVMH5GH+KF8S/MB8GA1UdIwQYMBaAFGcMmO2Z' +
  'PrP1rfu9nSwe/v3/JZL3MAoGCCqGSM49BAMCA0kAMEYCIQDFl+Awe54TMZdrUdDCt+TI+NQaHht5NZnydRgZnEEYXgIhAJl87T8k' +
  'NRbd1yOMRr43ywt+3qoXymp1Se7v8+S6ydNt';
const I2 =
  'MIIBkDCCATWgAwIBAgIUEHp16d+JNUuRORqqwxuF9c7E/IQwCgYIKoZIzj0EAwIwFTETMBEGA1UEAwwKVHJpYWwgUm9vdDAgFw0y' +
  'NjExMjEwOTQ5MjNaGA8yMDk5MTIzMDA5NDkyM1owEzERMA8GA1UEAwwIVHJpYWwgSTIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC' +
  'AATX0Rfhx5cFhs0uEesSf0gsHqbNnTnfLdLbgBVYEzOieDrf2oF8IRpW5Z9ytdrYR1n7fm1xn3xCkX2Nu27/tTBmo2MwYTAPBgNV' +
  'HRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwICBDAdBgNVHQ4EFgQUZwyY7Zk+s/Wt+72dLB7+/f8lkvcwHwYDVR0jBBgwFoAUlAMg' +
  'WKYrjeHnYzTUCsZBvGt3Hd0wCgYIKoZIzj0EAwIDSQAwRgIhAPt3MqsbVAhgjbiuQd/xor6p1nvt3r747ziDhoKAGc47AiEAhup3' +
  'dX/92sRQDSw2t1B4Bo/v7B+bi1HX49WNxl9ao+0=';
const STRANGER =
  'MIIBiDCCAS+gAwIBAgIUXfqXS1GVwmDtyuvmxL5R1apGco0wCgYIKoZIzj0EAwIwGTEXMBUGA1UEAwwOVHJpYWwgU3RyYW5nZXIw' +
  'IBcNMjYxMTIxMDk0OTIzWhgPMjA5OTEyMzAwOTQ5MjNaMBkxFzAVBgNVBAMMDlRyaWFsIFN0cmFuZ2VyMFkwEwYHKoZIzj0CAQYI' +
  'KoZIzj0DAQcDQgAE1ezQqNqJ6DfAGetKYMPhrT37n1dMtRdDQQmjW89odvk4DJrui54lzxw7CUau3hvpMlqdXWSTMyjSKfZaWyYu' +
  '5aNTMFEwHQYDVR0OBBYEFGi+E+zHAXDvFGrGO0buCXbUlcdTMB8GA1UdIwQYMBaAFGi+E+zHAXDvFGrGO0buCXbUlcdTMA8GA1Ud' +
  'EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgXoJT9RrcyAcrfMa6o0gNRIDkBbt87eD9tNOkklF6ZegCIDgd05W5k3+eqd22' +
  'MOUUiEDvqv5PtU/uPB7L4R5PQoOp';
/** PKCS #8, EC P-256. */
const LEAF_KEY =
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgWsIbWnx9ePM09gGgA5X+txRNI55pt5ARih+Dj+D26LWhRANCAATS' +
  'l3hj/Y1H3qvLPWn/sQzJEMW7INqX1Q8tUElSuBoI+K/3aeAzTUXIRgPXztbG/p6580dktuWF21SsWn4n3bKz';

/** What no sorting by issuer and no removal of doubles would give: the walk must bring exactly this. */
const SENT = [LEAF, LEAF, I2, I1, STRANGER];

export const trialDer: readonly Buffer[] = SENT.map((text) => Buffer.from(text, 'base64'));
export const trialPem: string = SENT.map((text) => pem('CERTIFICATE', text)).join('');
export const trialKeyPem: string = pem('PRIVATE KEY', LEAF_KEY);

function pem(label: string, text: string): string {
  return `-----BEGIN ${label}-----\n${text.replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;
}
