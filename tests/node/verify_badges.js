// Verify credentials independently of Cairn, with Digital Bazaar's libraries. Standard input: an object with
// `credentials` by name, and `documents` by URL (issuer, status lists, the Open Badges context).
// Standard output: for each name "verified" or the error. Nothing is fetched.
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import {defaultDocumentLoader, verifyCredential} from '@digitalbazaar/vc';
import {readFileSync} from 'node:fs';

const {credentials, documents} = JSON.parse(readFileSync(0, 'utf-8'));

async function documentLoader(url) {
  const [address, fragment] = url.split('#');
  let document = documents[address];
  if(document === undefined) {
    return defaultDocumentLoader(url);
  }
  if(fragment) {
    // A key in the issuer's profile.
    const method = document.verificationMethod.find(({id}) => id === url);
    document = {'@context': 'https://w3id.org/security/multikey/v1', ...method};
  }
  return {contextUrl: null, documentUrl: url, document};
}

function explain(error) {
  const causes = [error.errors, error.cause].flat().filter(each => each?.message);
  return [error.message, ...causes.map(explain)].join(': ');
}

const found = {};
for(const [name, credential] of Object.entries(credentials)) {
  const suite = new DataIntegrityProof({cryptosuite});
  const options = {credential, suite, documentLoader};
  if(credential.credentialStatus) {
    options.checkStatus = checkStatus;
  }
  const result = await verifyCredential(options);
  // The status list can be valid and still mark the badge as revoked.
  const isRevoked = result.statusResult?.results?.some(({status}) => status);
  found[name] = !result.verified ? explain(result.error) : isRevoked ? 'revoked' : 'verified';
}
console.log(JSON.stringify(found));
