//! Published test vectors of both suites.

use crate::{MacKey, SealingKey, Secret, SigningKey, Suite, VerifyingKey, derive, digest};

fn bytes(digits: &str) -> Vec<u8> {
    let digits: String = digits.split_whitespace().collect();
    assert_eq!(digits.len() % 2, 0);
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

fn secret(digits: &str) -> Secret {
    let mut whole = bytes(digits);
    whole.resize(32, 0);
    Secret::of_slice(&whole).unwrap()
}

fn nonce(digits: &str) -> [u8; 12] {
    bytes(digits).try_into().unwrap()
}

/// McGrew and Viega, The Galois/Counter Mode of Operation (the submission to NIST), test cases 13, 15 and 16.
#[test]
fn aes_256_gcm() {
    let empty = SealingKey::new(Suite::International, &secret(""));
    assert_eq!(
        empty.bare(&[0; 12], b"", b""),
        bytes("530f8afbc74536b9a963b4f1c4cb738b")
    );
    let key = SealingKey::new(
        Suite::International,
        &secret("feffe9928665731c6d6a8f9467308308 feffe9928665731c6d6a8f9467308308"),
    );
    let nonce = nonce("cafebabefacedbaddecaf888");
    let plain = bytes(
        "d9313225f88406e5a55909c5aff5269a 86a7a9531534f7da2e4c303d8a318a72 \
         1c3c0c95956809532fcf0e2449a6b525 b16aedf5aa0de657ba637b391aafd255",
    );
    let sealed = bytes(
        "522dc1f099567d07f47f37a32a84427d 643a8cdcbfe5c0c97598a2bd2555d1aa \
         8cb08e48590dbb3da7b08b1056828838 c5f61e6393ba7a0abcc9f662898015ad",
    );
    let tag = bytes("b094dac5d93471bdec1a502270e3cc6c");
    assert_eq!(
        key.bare(&nonce, b"", &plain),
        [sealed.clone(), tag].concat()
    );
    let tag = bytes("76fc6ece0f4e1768cddf8853bb2d551b");
    let context = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    assert_eq!(
        key.bare(&nonce, &context, &plain[..60]),
        [&sealed[..60], &tag].concat()
    );
}

/// RFC 8998 appendix A.1.
#[test]
fn sm4_gcm() {
    let key = SealingKey::new(Suite::Sm, &secret("0123456789abcdeffedcba9876543210"));
    let plain = bytes(
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb ccccccccccccccccdddddddddddddddd \
         eeeeeeeeeeeeeeeeffffffffffffffff eeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
    );
    let sealed = bytes(
        "17f399f08c67d5ee19d0dc9969c4bb7d 5fd46fd3756489069157b282bb200735 \
         d82710ca5c22f0ccfa7cbf93d496ac15 a56834cbcf98c397b4024a2691233b8d \
         83de3541e4c2b58177e065a9bf7b62ec",
    );
    let context = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    assert_eq!(
        key.bare(&nonce("00001234567800000000abcd"), &context, &plain),
        sealed
    );
}

/// GM/T 0002-2012 appendix A.1: one block of SM4, as the first block of counter mode shows it.
#[test]
fn sm4() {
    use aes_gcm::aead::KeyInit as _;
    use sm4::cipher::BlockCipherEncrypt as _;
    let key: [u8; 16] = bytes("0123456789abcdeffedcba9876543210")
        .try_into()
        .unwrap();
    let mut block = key.into();
    sm4::Sm4::new(&key.into()).encrypt_block(&mut block);
    assert_eq!(block.to_vec(), bytes("681edf34d206965e86b3e94f536e4246"));
}

/// RFC 4231 §4.2, 4.3 and 4.4 (keys of at most 32 bytes: a shorter key is padded with zeros by HMAC itself).
#[test]
fn hmac_sha_256() {
    let mac =
        |key: &str, message: &[u8]| MacKey::new(Suite::International, &secret(key)).mac(&[message]);
    assert_eq!(
        mac(&"0b".repeat(20), b"Hi There").to_vec(),
        bytes("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    );
    assert_eq!(
        mac("4a656665", b"what do ya want for nothing?").to_vec(),
        bytes("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    );
    assert_eq!(
        mac(&"aa".repeat(20), &[0xdd; 50]).to_vec(),
        bytes("773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe")
    );
}

/// GM/T 0042-2015 appendix D.3.
#[test]
fn hmac_sm3() {
    let mac = |key: &str, message: &[u8]| MacKey::new(Suite::Sm, &secret(key)).mac(&[message]);
    assert_eq!(
        mac(
            "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
                .repeat(2)
                .as_bytes(),
        )
        .to_vec(),
        bytes("ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a")
    );
    assert_eq!(
        mac("4a656665", b"what do ya want for nothing?").to_vec(),
        bytes("2e87f1d16862e6d964b50a5200bf2b10b764faa9680a296a2405f24bec39f882")
    );
    assert_eq!(
        mac(&"0b".repeat(32), b"Hi There").to_vec(),
        bytes("c0ba18c68b90c88bc07de794bfc7d2c8d19ec31ed8773bc2b390c9604e0be11e")
    );
}

/// FIPS 180-2 appendix B.1 and B.2.
#[test]
fn sha_256() {
    assert_eq!(
        digest(Suite::International, b"abc").to_vec(),
        bytes("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    );
    let two_blocks = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    assert_eq!(
        digest(Suite::International, two_blocks).to_vec(),
        bytes("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    );
}

/// GM/T 0004-2012 appendix A.1 and A.2.
#[test]
fn sm3() {
    assert_eq!(
        digest(Suite::Sm, b"abc").to_vec(),
        bytes("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0")
    );
    assert_eq!(
        digest(Suite::Sm, "abcd".repeat(16).as_bytes()).to_vec(),
        bytes("debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732")
    );
}

/// RFC 5869 appendix A.1, the expansion's first block.
#[test]
fn hkdf_expand() {
    let key = secret("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    let derived = derive(Suite::International, &key, &bytes("f0f1f2f3f4f5f6f7f8f9"));
    assert_eq!(
        derived.expose().to_vec(),
        bytes("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf")
    );
}

/// RFC 8032 §7.1, tests 1 and 2.
#[test]
fn ed25519() {
    for (seed, public, message, signature) in [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155\
             5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ] {
        let key = SigningKey::new(Suite::International, &secret(seed)).unwrap();
        let message = bytes(message);
        assert_eq!(key.verifying_key().to_bytes(), bytes(public));
        assert_eq!(key.sign(&message).unwrap().to_vec(), bytes(signature));
        let read = VerifyingKey::of_bytes(Suite::International, &bytes(public)).unwrap();
        let signature: [u8; 64] = bytes(signature).try_into().unwrap();
        assert_eq!(read.verify(&message, &signature), Ok(()));
        assert!(read.verify(b"another message", &signature).is_err());
    }
}

/// GM/T 0003.5-2012 appendix A.2: the example with the recommended curve. Its k is drawn at random, ours comes
/// of RFC 6979, so the published signature is verified and our own is read back.
#[test]
fn sm2() {
    let public = bytes(
        "04 09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020 \
         ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13",
    );
    let key = SigningKey::new(
        Suite::Sm,
        &secret("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"),
    )
    .unwrap();
    assert_eq!(key.verifying_key().to_bytes(), public);
    let published: [u8; 64] = bytes(
        "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3 \
         b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
    )
    .try_into()
    .unwrap();
    let read = VerifyingKey::of_bytes(Suite::Sm, &public).unwrap();
    assert_eq!(read.verify(b"message digest", &published), Ok(()));
    assert!(read.verify(b"message digests", &published).is_err());
    let own = key.sign(b"message digest").unwrap();
    assert_eq!(own, key.sign(b"message digest").unwrap());
    assert_eq!(read.verify(b"message digest", &own), Ok(()));
    assert!(SigningKey::new(Suite::Sm, &secret("")).is_err());
    assert!(VerifyingKey::of_bytes(Suite::Sm, &public[..64]).is_err());
}
