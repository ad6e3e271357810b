using System.Globalization;
using System.Net;
using System.Text;
using Relay.Reception;

namespace Relay.Submission;

/// <summary>
/// The file of known clients, one a line: when, the client's address (the first of its /64), and the account. Lines that say
/// something else are passed over: nothing but speed hangs on them.
/// </summary>
internal static class KnownClientsFile
{
    private const int MaxOctets = 16 * 1024 * 1024;
    private const string TimeForm = "yyyy-MM-dd'T'HH:mm:ss'Z'";
    private const string Heading = "# From where accounts have authenticated; written by the relay\n";

    /// <summary>What the file holds, or nothing when there is none; throws what the file system throws.</summary>
    public static IReadOnlyList<KnownClient> Read(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        if (new FileInfo(path).Length is var length && length > MaxOctets)
        {
            throw new IOException($"it has {length} octets, more than the {MaxOctets} that are read");
        }

        return [.. File.ReadLines(path).Select(Parse).OfType<KnownClient>()];
    }

    /// <summary>Writes the file anew, whole or not at all; throws what the file system throws.</summary>
    public static void Write(string path, IEnumerable<KnownClient> all)
    {
        var text = new StringBuilder(Heading);
        foreach (var one in all)
        {
            text.Append(CultureInfo.InvariantCulture, $"{one.Time.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture)} ")
                .Append(CultureInfo.InvariantCulture, $"{one.Client.First} {one.Account}\n");
        }

        OwnerOnlyFile.Replace(path, text.ToString());
    }

    private static KnownClient? Parse(string line) =>
        line.Split(' ') is [var time, var address, var account]
        && DateTimeOffset.TryParseExact(time, TimeForm, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var when)
        && IPAddress.TryParse(address, out var client)
        && CredentialText.TryReadName(account, out var name)
            ? new KnownClient(when, AddressBlock.OfClient(client), name)
            : null;
}
