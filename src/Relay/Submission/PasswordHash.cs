using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Relay.Submission;

/// <summary>What is kept of a password: PBKDF2 with HMAC-SHA-256 (RFC 8018 §5.2), its salt and its cost.</summary>
internal sealed class PasswordHash
{
    /// <summary>The cost of new hashes; some tenths of a second of one core.</summary>
    public const int DefaultIterations = 600_000;

    private const string Scheme = "pbkdf2-sha256";
    private const int MinIterations = 1_000;
    private const int MaxIterations = 10_000_000;
    private const int SaltOctets = 16;
    private const int MaxSaltOctets = 64;
    private const int HashOctets = 32;

    /// <summary>Derives the octets of a hash; its time grows with the iterations alone.</summary>
    internal delegate byte[] Derivation(ReadOnlySpan<byte> password, byte[] salt, int iterations);

    private readonly byte[] _salt;
    private readonly byte[] _hash;

    private PasswordHash(int iterations, byte[] salt, byte[] hash)
    {
        Iterations = iterations;
        _salt = salt;
        _hash = hash;
    }

    /// <summary>The cost of this one.</summary>
    public int Iterations { get; }

    /// <summary>Tells it from every other, those of the same password too.</summary>
    public string Id => Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(ToString())));

    /// <summary>Hashes a prepared password with a salt of its own.</summary>
    public static PasswordHash Of(ReadOnlySpan<byte> password, int iterations = DefaultIterations)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltOctets);
        return new PasswordHash(iterations, salt, Derive(password, salt, iterations));
    }

    /// <summary>A hash that no password has: checking against it costs what any other check does.</summary>
    public static PasswordHash OfNothing(int iterations) =>
        new(iterations, RandomNumberGenerator.GetBytes(SaltOctets), RandomNumberGenerator.GetBytes(HashOctets));

    /// <summary>Reads the fields behind a name in the accounts file: scheme, cost, salt, hash.</summary>
    public static PasswordHash? Parse(ReadOnlySpan<string> fields)
    {
        if (fields is not [Scheme, var cost, var saltText, var hashText]
            || !int.TryParse(cost, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
            || iterations is < MinIterations or > MaxIterations
            || !Base64.IsValid(saltText) || !Base64.IsValid(hashText))
        {
            return null;
        }

        var (salt, hash) = (Convert.FromBase64String(saltText), Convert.FromBase64String(hashText));
        return salt.Length is >= SaltOctets and <= MaxSaltOctets && hash.Length == HashOctets
            ? new PasswordHash(iterations, salt, hash)
            : null;
    }

    /// <summary>Whether the password is this one; takes the same time either way.</summary>
    /// <param name="password">The password, prepared.</param>
    /// <param name="cost">What the answer costs where that is more than this hash's own cost: that of the dearest of all, so that the
    /// time does not tell one account from another.</param>
    public bool IsOf(ReadOnlySpan<byte> password, int cost = 0) => IsOf(password, cost, Derive);

    /// <summary>The same by another derivation; for tests, which count what an answer costs.</summary>
    internal bool IsOf(ReadOnlySpan<byte> password, int cost, Derivation derive)
    {
        var derived = derive(password, _salt, Iterations);
        var equal = CryptographicOperations.FixedTimeEquals(derived, _hash);
        CryptographicOperations.ZeroMemory(derived);
        if (cost > Iterations)
        {
            CryptographicOperations.ZeroMemory(derive(password, _salt, cost - Iterations));
        }

        return equal;
    }

    /// <summary>
    /// Stands for the password as long as this program runs: bound to this hash, so that it is worth nothing once the password
    /// has been changed, and to a key that is kept in memory alone.
    /// </summary>
    public byte[] Fingerprint(ReadOnlySpan<byte> key, ReadOnlySpan<byte> password)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hmac.AppendData(_salt);
        hmac.AppendData(_hash);
        hmac.AppendData(password);
        return hmac.GetHashAndReset();
    }

    /// <summary>The fields as they stand in the accounts file.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Scheme} {Iterations} {Convert.ToBase64String(_salt)} {Convert.ToBase64String(_hash)}");

    private static byte[] Derive(ReadOnlySpan<byte> password, byte[] salt, int iterations) =>
        Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA256, HashOctets);
}
