using System.Net.Security;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.Configuration;

namespace Relay.Reception;

/// <summary>
/// The certificate that listeners show, read again when its files change. A changed file that cannot be used is logged,
/// and the certificate in use stays.
/// </summary>
internal sealed class ServerCertificate
{
    // A look at two file times costs microseconds; once a second is soon enough for a renewal.
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(1);

    private readonly CertificateOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<ServerCertificate> _logger;
    private readonly Lock _lock = new();
    private SslStreamCertificateContext? _context;
    private (DateTime Certificate, DateTime Key) _version;
    private long _checked;

    public ServerCertificate(IOptions<RelayOptions> options, TimeProvider clock, ILogger<ServerCertificate> logger)
    {
        _options = options.Value.Certificate;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>A certificate is configured, so that TLS can be offered.</summary>
    public bool IsAvailable => _options.IsSet && Current is not null;

    /// <summary>The certificate to show now; null when none is configured or none could ever be read.</summary>
    public SslStreamCertificateContext? Current
    {
        get
        {
            if (!_options.IsSet)
            {
                return null;
            }

            lock (_lock)
            {
                if (_context is null || _clock.GetElapsedTime(_checked) >= CheckInterval)
                {
                    _checked = _clock.GetTimestamp();
                    ReadIfChanged();
                }

                return _context;
            }
        }
    }

    /// <summary>Reads the files now, changed or not.</summary>
    public void Reload()
    {
        if (_options.IsSet)
        {
            lock (_lock)
            {
                _version = default;
                ReadIfChanged();
            }
        }
    }

    private void ReadIfChanged()
    {
        var version =
            (File.GetLastWriteTimeUtc(_options.CertificateFile!), File.GetLastWriteTimeUtc(_options.KeyFile!));
        if (version == _version)
        {
            return;
        }

        _version = version;
        switch (CertificateFiles.Load(_options))
        {
            case CertificateFiles.LoadResult.Loaded loaded:
                // At the start this is said with everything else.
                if (_context is not null && ConfigurationWarnings.OfKey(_options) is { } warning)
                {
                    _logger.Warned(warning);
                }

                _context = loaded.Context;
                var leaf = loaded.Context.TargetCertificate;
                _logger.CertificateLoaded(
                    _options.CertificateFile!, leaf.Subject, new DateTimeOffset(leaf.NotAfter.ToUniversalTime()));
                break;
            case CertificateFiles.LoadResult.Unusable unusable:
                _logger.CertificateUnusable(_options.CertificateFile!, unusable.Reason);
                break;
        }
    }
}
