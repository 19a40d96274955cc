//! The two structures of DER (X.690) that a keyless signature needs written: the request of a certificate and that of a timestamp.
//! Nothing is read by hand: what comes back is judged by the verifier.

/// OID 1.2.840.10045.4.3.2, ecdsa-with-SHA256 (RFC 5758, section 3.2).
const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
/// OID 2.16.840.1.101.3.4.2.1, sha256 (RFC 5754, section 2.2).
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const NULL: u8 = 0x05;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const CONTEXT_0: u8 = 0xa0;

fn element(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let length: usize = content.iter().map(|part| part.len()).sum();
    let mut bytes = vec![tag];
    let octets = length.to_be_bytes();
    let octets = &octets[octets.iter().take_while(|octet| **octet == 0).count()..];
    if length >= 0x80 {
        // At most eight octets.
        bytes.push(0x80 | u8::try_from(octets.len()).unwrap_or(8));
        bytes.extend_from_slice(octets);
    } else {
        bytes.push(u8::try_from(length).unwrap_or_default());
    }
    for part in content {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// `CertificationRequestInfo` (RFC 2986, section 4.1) without a name: Fulcio takes the name from the ID token. `key` is the
/// `SubjectPublicKeyInfo`.
pub(super) fn certification_request_info(key: &[u8]) -> Vec<u8> {
    element(
        SEQUENCE,
        &[
            &element(INTEGER, &[&[0]]),
            &element(SEQUENCE, &[]),
            key,
            &element(CONTEXT_0, &[]),
        ],
    )
}

/// `CertificationRequest` (RFC 2986, section 4.2): the information, signed by ECDSA with SHA-256.
pub(super) fn certification_request(info: &[u8], signature: &[u8]) -> Vec<u8> {
    element(
        SEQUENCE,
        &[
            info,
            &element(SEQUENCE, &[&element(OBJECT_IDENTIFIER, &[ECDSA_WITH_SHA256])]),
            &element(BIT_STRING, &[&[0], signature]),
        ],
    )
}

/// `TimeStampReq` (RFC 3161, section 2.4.1) for what has this SHA-256, with the certificate of the authority in the answer. It has no
/// nonce: what is stamped is a signature that nobody has ever made before.
pub(super) fn timestamp_request(sha256: &[u8]) -> Vec<u8> {
    let algorithm = element(
        SEQUENCE,
        &[&element(OBJECT_IDENTIFIER, &[SHA256]), &element(NULL, &[])],
    );
    element(
        SEQUENCE,
        &[
            &element(INTEGER, &[&[1]]),
            &element(SEQUENCE, &[&algorithm, &element(OCTET_STRING, &[sha256])]),
            &element(BOOLEAN, &[&[0xff]]),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_in_the_short_form_as_far_as_it_goes() {
        for (length, begins) in [
            (0, &[0x04, 0][..]),
            (127, &[0x04, 127]),
            (128, &[0x04, 0x81, 128]),
            (255, &[0x04, 0x81, 255]),
            (256, &[0x04, 0x82, 1, 0]),
        ] {
            let bytes = element(OCTET_STRING, &[&vec![7; length]]);
            assert_eq!(bytes[..begins.len()], *begins);
            assert_eq!(bytes.len(), begins.len() + length);
        }
    }

    /// `openssl ts -query -sha256 -no_nonce -cert -digest 1111…` writes these bytes.
    #[test]
    fn a_request_of_a_timestamp_is_what_openssl_writes() {
        let written = hex::encode(timestamp_request(&[0x11; 32]));
        let wanted = format!(
            "30390201013031300d06096086480165030402010500 0420{} 0101ff",
            "11".repeat(32)
        );
        assert_eq!(written, wanted.replace(' ', ""));
    }
}
