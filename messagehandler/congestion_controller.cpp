#include "messagehandler/congestion_controller.hpp"

#include "messagehandler/bbr.hpp"
#include "messagehandler/cubic.hpp"

namespace curvecp::messagehandler {

std::unique_ptr<CongestionController> make_controller(Congestion congestion) {
    switch (congestion) {
        case Congestion::Bbr:
            return std::make_unique<Bbr>();
        case Congestion::Cubic:
            return std::make_unique<Cubic>();
    }
    return nullptr;
}

}  // namespace curvecp::messagehandler
