// Verifies credentials as somebody without Cairn would, with Digital Bazaar's libraries. Standard input: an
// object with `credentials` by name, and `documents` by address (issuer, status lists, the context of Open Badges).
// Standard output: for each name "verified", or why not. Nothing is fetched.
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
    // A key within the issuer's profile.
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
  // That the list holds is one thing, what it says is another.
  const isRevoked = result.statusResult?.results?.some(({status}) => status);
  found[name] = !result.verified ? explain(result.error) : isRevoked ? 'revoked' : 'verified';
}
console.log(JSON.stringify(found));
