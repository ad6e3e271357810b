using System.Collections.Frozen;
using System.Text;

namespace Relay.Submission;

/// <summary>
/// The file of submission accounts: one a line, a name and what is kept of its password. For its owner's eyes alone: hashes can be
/// guessed against without anybody noticing.
/// </summary>
internal static class AccountsFile
{
    private const int MaxOctets = 16 * 1024 * 1024;
    private const string Heading = "# Submission accounts; change them with: relay user add|remove NAME";

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>What came of reading the file.</summary>
    internal abstract record ReadResult
    {
        private ReadResult()
        {
        }

        /// <summary>Its accounts, by name.</summary>
        public sealed record Found(FrozenDictionary<string, PasswordHash> Accounts) : ReadResult;

        /// <summary>There is no such file.</summary>
        public sealed record Missing : ReadResult;

        /// <summary>It cannot be read, is open to others, or holds something else; and what to do about it.</summary>
        public sealed record Unusable(string Reason) : ReadResult;
    }

    /// <summary>Reads the whole file.</summary>
    public static ReadResult Read(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            // Of the file that was opened, not of what the name stands for by now.
            if ((File.GetUnixFileMode(file) & Others) != 0)
            {
                return new ReadResult.Unusable($"others than its owner may use it; take that away with: chmod 600 {path}");
            }

            if (RandomAccess.GetLength(file) is var length && length > MaxOctets)
            {
                return new ReadResult.Unusable($"it has {length} octets, more than the {MaxOctets} that are read");
            }

            var text = new byte[length];
            var read = RandomAccess.Read(file, text, 0);
            return Parse(Encoding.UTF8.GetString(text, 0, read));
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return new ReadResult.Missing();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return new ReadResult.Unusable($"{fault.Message}; it has to belong to the relay's user");
        }
    }

    /// <summary>
    /// Changes the file in one step: whoever reads it sees it as it was or as it is to be. Gives what the change gave, or throws
    /// what the file system threw, also while another command is at it.
    /// </summary>
    /// <param name="path">The file; it need not exist.</param>
    /// <param name="change">Changes the accounts, or gives a reason not to.</param>
    public static string? Change(string path, Func<SortedDictionary<string, PasswordHash>, string?> change)
    {
        using var held = OwnerOnlyFile.Open(path + ".lock", FileMode.OpenOrCreate);
        var accounts = new SortedDictionary<string, PasswordHash>(StringComparer.Ordinal);
        switch (Read(path))
        {
            case ReadResult.Unusable unusable:
                return $"{path} cannot be used: {unusable.Reason}";
            case ReadResult.Found found:
                foreach (var (name, hash) in found.Accounts)
                {
                    accounts.Add(name, hash);
                }

                break;
        }

        if (change(accounts) is { } refusal)
        {
            return refusal;
        }

        OwnerOnlyFile.Replace(path, Write(accounts));
        return null;
    }

    private static string Write(SortedDictionary<string, PasswordHash> accounts)
    {
        var text = new StringBuilder(Heading).Append('\n');
        foreach (var (name, hash) in accounts)
        {
            text.Append(name).Append(' ').Append(hash).Append('\n');
        }

        return text.ToString();
    }

    private static ReadResult Parse(string text)
    {
        var accounts = new Dictionary<string, PasswordHash>(StringComparer.Ordinal);
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            // A file that is wrong in one place is not trusted in others: a line that was cut may be another's.
            var fields = line.Split(' ');
            if (!CredentialText.TryReadName(fields[0], out var name) || name != fields[0]
                || PasswordHash.Parse(fields.AsSpan(1)) is not { } hash
                || !accounts.TryAdd(name, hash))
            {
                return new ReadResult.Unusable($"line {number} is no account, or one that stands twice; remove the line and add "
                    + "the account with relay user add NAME");
            }
        }

        return new ReadResult.Found(accounts.ToFrozenDictionary(StringComparer.Ordinal));
    }
}
