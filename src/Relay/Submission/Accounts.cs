using System.Collections.Frozen;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.Configuration;

namespace Relay.Submission;

/// <summary>
/// The accounts of the running relay, read again when their file changes. While the file cannot be used there are none to be had,
/// which is not the same as none: clients are asked to come back.
/// </summary>
internal sealed class Accounts
{
    // A look at a file's times costs microseconds; once a second is soon enough for an operator.
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly bool _isDemanded;
    private readonly TimeProvider _clock;
    private readonly ILogger<Accounts> _logger;
    private readonly Lock _lock = new();
    private AccountsFile.ReadResult? _read;
    private (DateTime Time, long Length, UnixFileMode Mode) _version;
    private long _checked;

    public Accounts(IOptions<RelayOptions> options, TimeProvider clock, ILogger<Accounts> logger)
    {
        _path = options.Value.AccountsPath;
        _isDemanded = options.Value.AccountsFile is not null || options.Value.Listeners?.Any(listener => listener.RequireAuth) == true;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>Clients are to be told that they can authenticate: somebody counts on it, or has made an account.</summary>
    public bool AreInUse => _isDemanded || Latest() is not AccountsFile.ReadResult.Missing;

    /// <summary>The accounts by name; null while they cannot be read.</summary>
    public FrozenDictionary<string, PasswordHash>? Current => Latest() switch
    {
        AccountsFile.ReadResult.Found found => found.Accounts,
        AccountsFile.ReadResult.Missing => FrozenDictionary<string, PasswordHash>.Empty,
        _ => null,
    };

    private AccountsFile.ReadResult Latest()
    {
        lock (_lock)
        {
            if (_read is null || _clock.GetElapsedTime(_checked) >= CheckInterval)
            {
                _checked = _clock.GetTimestamp();
                ReadIfChanged();
            }

            return _read!;
        }
    }

    private void ReadIfChanged()
    {
        var file = new FileInfo(_path);
        var version = file.Exists ? (file.LastWriteTimeUtc, file.Length, file.UnixFileMode) : default;
        if (_read is not null && version == _version)
        {
            return;
        }

        _version = version;
        _read = AccountsFile.Read(_path);
        switch (_read)
        {
            case AccountsFile.ReadResult.Found found:
                _logger.AccountsLoaded(_path, found.Accounts.Count);
                break;
            case AccountsFile.ReadResult.Unusable unusable:
                _logger.AccountsUnusable(_path, unusable.Reason);
                break;
        }
    }
}
